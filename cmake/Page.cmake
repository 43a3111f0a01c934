# The page's skeleton, style and script, pasted into one text that the library writes data into.
#
# A module of the script is plain JavaScript: `import` lines name what it takes from the others, and
# fall away when all are in one scope. So a name is declared once in all modules.

set(page_folder ${CMAKE_CURRENT_SOURCE_DIR}/src/page/web)
set(page_modules
    element
    payload
    images
    network
    latent
    shapes
    colours
    grid
    camera
    state
    picture
    points_webgl
    points_canvas
    map_view
    pointer
    keyboard
    inspector
    path
    legend
    search
    selection
    player
    save_picture
    main)

set(PAGE_SCRIPT "(() => {\n\"use strict\";\n")
foreach(module ${page_modules})
  set(module_file ${page_folder}/${module}.js)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${module_file})
  file(READ ${module_file} text)
  string(REGEX REPLACE "(^|\n)import [^\n]*" "\\1" text "${text}")
  string(REGEX REPLACE "(^|\n)export " "\\1" text "${text}")
  string(APPEND PAGE_SCRIPT "${text}")
endforeach()
string(APPEND PAGE_SCRIPT "})();\n")
file(READ ${page_folder}/page.css PAGE_STYLE)
file(READ ${page_folder}/page.html page_html)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_folder}/page.css
                                       ${page_folder}/page.html)

# The page's policy lets this script run and no other, by its hash. Base 64 of it: three hexadecimal
# digits are two of its digits; 32 bytes end in a '='.
string(SHA256 hash "${PAGE_SCRIPT}")
string(APPEND hash 00)
set(digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
set(PAGE_SCRIPT_HASH "")
foreach(begin RANGE 0 63 3)
  string(SUBSTRING ${hash} ${begin} 3 three)
  math(EXPR high "0x${three} >> 6")
  math(EXPR low "0x${three} & 63")
  string(SUBSTRING ${digits} ${high} 1 first)
  string(SUBSTRING ${digits} ${low} 1 second)
  string(APPEND PAGE_SCRIPT_HASH ${first}${second})
endforeach()
string(REGEX REPLACE ".$" "=" PAGE_SCRIPT_HASH ${PAGE_SCRIPT_HASH})

string(CONFIGURE "${page_html}" page_html @ONLY)
if(NOT page_html MATCHES "^(.*)<!-- title -->(.*)<!-- data -->\n(.*)$")
  message(FATAL_ERROR "${page_folder}/page.html lacks one of its two marks")
endif()
set(PAGE_BEFORE_TITLE "${CMAKE_MATCH_1}")
set(PAGE_BEFORE_DATA "${CMAKE_MATCH_2}")
set(PAGE_AFTER_DATA "${CMAKE_MATCH_3}")
configure_file(cmake/page_template.hpp.in generated/page/template.hpp @ONLY)
