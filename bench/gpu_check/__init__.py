"""Everything only a GPU can show, by one command: scripts/gpu_check.

Python 3.9 or newer, standard library only.

main.py       options, the order of the steps, the end
session.py    what every step is given: programs, data, time
outcome.py    what every step gives back
report.py     the table and the JSON
builds.py     finding or making a build; pack.py: taking one to another machine
machine.py    what the GPU says of itself
process.py arrays.py gtest.py sanitizer.py   running programs and reading what they wrote
steps/        one step a file
"""
