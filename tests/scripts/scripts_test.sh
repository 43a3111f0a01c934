#!/usr/bin/env bash
# The shell scripts, on a small stand-in for the project and for the mirrors. No network and no
# compiler are used.
#
#     tests/scripts/scripts_test.sh
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$(mktemp -d)"
servers=()
clean_up() {
  local server
  for server in "${servers[@]}"; do
    kill "$server" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

export HOURGLASS_PACKAGES=skip HOURGLASS_CUDA=OFF
unset HOURGLASS_DATA HOURGLASS_MNIST_MIRRORS HOURGLASS_SANITIZE CTEST_PARALLEL_LEVEL
python="${HOURGLASS_PYTHON:-python3}"

failures=0
check() { # check WORDS COMMAND...: the command must succeed
  local words="$1"
  shift
  if "$@" >"$work/check.log" 2>&1; then
    printf 'ok      %s\n' "$words"
  else
    printf 'FAILED  %s\n' "$words"
    sed 's/^/        /' "$work/check.log" "$work/log" 2>/dev/null || true
    failures=$((failures + 1))
  fi
}
run() { # run COMMAND...: output to $work/log, exit status to $status
  status=0
  "$@" >"$work/log" 2>&1 || status=$?
}
said() { grep -qF -- "$1" "$work/log"; }
names() { # the names in a folder, hidden ones too
  find "$1" -mindepth 1 -printf '%f\n' | sort | xargs
}

# --- A stand-in: the scripts with four tiny files for MNIST, and a project without a compiler --

mirror="$work/mirror"
mkdir -p "$work/project/scripts" "$work/project/.ci" "$mirror"
cp "$root"/scripts/{lib.sh,run,test,choose_cuda,fetch_cuda,fetch_mnist,plot.py} "$work/project/scripts/"
cp "$root/.ci/run" "$work/project/.ci/"
cd "$work/project"
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
  printf 'this stands for %s\n' "$name" >"$mirror/$name-ubyte.gz"
  checksum="$(sha256sum <"$mirror/$name-ubyte.gz")"
  sed -i -E "s/(\[$name-ubyte\.gz\]=)[0-9a-f]{64}/\1${checksum%% *}/" scripts/fetch_mnist
done
four="$(names "$mirror")"

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.24)
project(stand_in NONE)
file(READ "${CMAKE_SOURCE_DIR}/broken" broken)
add_custom_target(hourglass ALL
  COMMAND test ${broken} = no
  COMMAND ${CMAKE_COMMAND} -E copy "${CMAKE_SOURCE_DIR}/hourglass" "${CMAKE_BINARY_DIR}/hourglass")
enable_testing()
if(HOURGLASS_TESTS)
  include("${CMAKE_SOURCE_DIR}/tests.cmake")
endif()
END
cat >CMakePresets.json <<'END'
{
  "version": 4,
  "configurePresets": [
    {"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release"},
    {"name": "asan", "generator": "Ninja", "binaryDir": "${sourceDir}/build/asan"}
  ]
}
END
cat >hourglass <<'END'
#!/usr/bin/env bash
printf '%s\n' "$*" >"$ARGUMENTS"
out=""
while (($# > 0)); do
  case "$1" in
    --out) out="$2" ;;
    --out=*) out="${1#--out=}" ;;
  esac
  shift
done
if [[ -n ${LOSSES:-} ]]; then
  mkdir -p "$out"
  printf '%s' "$LOSSES" >"$out/metrics.json"
elif [[ -n $out ]]; then
  mkdir -p "$out"
  touch "$out"/{reconstruction,latent_maps,loss}.png
fi
exit "${PROGRAM_STATUS:-0}"
END
chmod +x hourglass
printf no >broken
export ARGUMENTS="$work/arguments"

# --- fetch_mnist ------------------------------------------------------------------------------

# serve KIND: a server in the background, its address in $address.
#   files: the mirror; garbage: other bytes under the same names; stall: half a file, then silence
serve() {
  local log="$work/server.$1"
  "$python" -u - "$1" "$mirror" >"$log" 2>&1 <<'END' &
import http.server, os, sys, time
kind, folder = sys.argv[1:]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(folder, os.path.basename(self.path))
        if not os.path.exists(path):
            return self.send_error(404)
        body = open(path, "rb").read() if kind != "garbage" else b"<html>Please log in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "stall":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(60)
        else:
            self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_port)
server.serve_forever()
END
  servers+=($!)
  local tries=0
  until [[ -s $log ]] || ((++tries > 100)); do sleep 0.1; done
  address="$(head -n 1 "$log")"
}
serve files && good="$address"
serve garbage && garbage="$address"
serve stall && stall="$address"
dead="http://127.0.0.1:9/mnist"

fetch() { # fetch "MIRRORS" FOLDER
  HOURGLASS_MNIST_MIRRORS="$1" no_proxy=127.0.0.1 run scripts/fetch_mnist "$2"
}

fetch "$dead $garbage" "$work/none"
check "no good mirror: exit 1" test "$status" = 1
check "no good mirror: one line says what to do" said "no mirror gave it; check the network, or put"
check "no good mirror: a wrong file is named as such" said "SHA-256 differs"
check "no good mirror: no folder left" test ! -e "$work/none"

mkdir "$work/empty"
fetch "$garbage" "$work/empty"
check "wrong file: nothing left" test "$status,$(names "$work/empty")" = "1,"

fetch "$dead $garbage $good/" "$work/mnist"
check "the next mirror is tried" test "$status" = 0
check "the four files, and only they" test "$(names "$work/mnist")" = "$four"
check "byte for byte" diff -r "$mirror" "$work/mnist"

fetch "$dead" "$work/mnist"
check "good files are kept without any download" test "$status" = 0

printf 'torn' >"$work/mnist/t10k-labels-idx1-ubyte.gz"
rm "$work/mnist/train-images-idx3-ubyte.gz"
fetch "$dead" "$work/mnist"
check "a torn file cannot be mended without a mirror" test "$status" = 1
fetch "$good" "$work/mnist"
check "a torn and a missing file are mended" diff -r "$mirror" "$work/mnist"

export no_proxy=127.0.0.1
HOURGLASS_MNIST_MIRRORS="$stall" setsid scripts/fetch_mnist "$work/stopped" >"$work/log" 2>&1 &
fetching=$!
tries=0
until [[ -n "$(find "$work/stopped" -name '.*part' -size +0 2>/dev/null)" ]] || ((++tries > 50)); do
  sleep 0.1
done
kill -TERM -- "-$fetching"
status=0
wait "$fetching" 2>/dev/null || status=$?
check "stopped halfway: not done" test "$status" != 0
check "stopped halfway: nothing left" test ! -e "$work/stopped"

# --- run --------------------------------------------------------------------------------------

gave() { test "$status,$(<"$ARGUMENTS")" = "$1"; } # exit status, and what the program was given
last() { test "$status,$(tail -n 1 "$work/log")" = "$1"; } # exit status and last line

printf 'add_test(NAME passes COMMAND true)\n' >tests.cmake
export HOURGLASS_MNIST_MIRRORS="$dead"

run scripts/run
check "run: no data, so synthetic" gave \
  "0,run conv --data synthetic --out $work/project/runs/conv"
check "run: says that the digits are synthetic" said "synthetic digits instead of the real ones"
check "run: prints where the figures are" said "$work/project/runs/conv/latent_maps.png"

HOURGLASS_MNIST_MIRRORS="$good" run scripts/run conv --epochs 3 --out="$work/else"
check "run: downloads, passes options through" gave \
  "0,run conv --epochs 3 --out=$work/else --data $work/project/data/mnist"

run scripts/run --data here --out "$work/out"
check "run: --data is left alone" gave "0,run conv --data here --out $work/out"
check "run: prints the figures of --out" said "$work/out/loss.png"

HOURGLASS_DATA=there run scripts/run --out "$work/out"
check "run: HOURGLASS_DATA is left to the program" gave "0,run conv --out $work/out"

LOSSES='{"study": "conv", "model": "conv", "epochs": [{"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1}]}' \
  run scripts/run --data here --out "$work/plain"
check "run: draws the figures if the program did not" last "0,$work/plain/loss.png"

LOSSES='{"study": "conv", "model": "conv", "epochs": [{"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1}]}' \
  run scripts/run --data here --no-figures --out "$work/none"
check "run: draws none where none are wanted" test "$status,$(ls "$work/none")" = 0,metrics.json

PROGRAM_STATUS=2 run scripts/run --epochs x
check "run: exit status is the program's" test "$status" = 2

HOURGLASS_CUDA=maybe run scripts/run --data here
check "run: HOURGLASS_CUDA is ON or OFF" last \
  "1,choose_cuda: error: HOURGLASS_CUDA=maybe: expected ON or OFF"

printf 'FOUND:PATH=/with/another/toolkit\n' >>build/run/CMakeCache.txt
run scripts/run --data here
check "run: what CMake found is kept" grep -q '^FOUND' build/run/CMakeCache.txt
printf 'other options' >build/run/options
run scripts/run --data here
check "run: but not when the options change" test "$status,$(grep -c '^FOUND' build/run/CMakeCache.txt)" = 0,0

run scripts/run dense --help
check "run: --help after a study is the program's" gave "0,run dense --help"

# --- test -------------------------------------------------------------------------------------

run scripts/test
check "test: both parts are counted" last "0,2 passed, 0 failed, 0 skipped"
HOURGLASS_SANITIZE=0 run scripts/test
check "test: the second part can be left out" last "0,1 passed, 0 failed, 0 skipped"
export HOURGLASS_SANITIZE=0

cat >>tests.cmake <<'END'
add_test(NAME skips COMMAND sh -c "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
END
run scripts/test
check "test: a skipped test is no failure" last "0,1 passed, 0 failed, 1 skipped"
run .ci/run
check "test: .ci/run is the same" last "0,1 passed, 0 failed, 1 skipped"

cat >>tests.cmake <<'END'
add_test(NAME fails COMMAND false)
add_test(NAME not_built COMMAND "${CMAKE_BINARY_DIR}/not_built")
END
run scripts/test
check "test: a missing program is a failure, not a skip" last "1,1 passed, 2 failed, 1 skipped"

sed -i -e /passes/d -e /fails/d -e /not_built/d tests.cmake
run scripts/test
check "test: only skipped tests are not enough" last "1,0 passed, 0 failed, 1 skipped"

: >tests.cmake
run scripts/test
check "test: no tests at all is a failure" last "1,0 passed, 1 failed, 0 skipped"

printf yes >broken
run scripts/test
check "test: a broken build is a failure" last "1,0 passed, 1 failed, 0 skipped"
run scripts/run --data here
check "run: a broken build runs nothing" test "$status" != 0

# --- All --------------------------------------------------------------------------------------

for script in run test fetch_cuda fetch_mnist; do
  run scripts/"$script" --help
  check "$script --help" grep -qi '^usage: ' "$work/log"
done
run scripts/test what
check "test: unknown arguments are refused" test "$status" = 2

if ((failures > 0)); then
  printf '%d checks failed\n' "$failures"
  exit 1
fi
printf 'all checks passed\n'
