# shellcheck shell=bash disable=SC2034 # lists and options are for the scripts that source this
# What scripts/run and scripts/test share: packages, the choice of CUDA, configure, build.
# It is sourced, not run. The caller has `set -euo pipefail`.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Debian's names. The study needs the first list; tests and benchmarks need the second as well.
run_packages=(
  g++ cmake ninja-build
  zlib1g-dev nlohmann-json3-dev libcli11-dev
  libdnnl-dev libopenblas-openmp-dev liblapacke-dev libboost-context-dev
  python3 python3-numpy python3-matplotlib ca-certificates
)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev)
# Tests of the page run in a browser; without one they are skipped.
browser_packages=(chromium chromium-driver python3-selenium)
# Tests of the Python package build it for this Python; without its headers they are skipped.
python_packages=(python3-dev python3-venv)

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# --- Packages ---------------------------------------------------------------------------------

# missing_packages NAME...: those of them that are not installed, a line each.
missing_packages() {
  local name status
  for name in "$@"; do
    status="$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)"
    if [[ $status != installed* ]]; then
      printf '%s\n' "$name"
    fi
  done
}

# try_packages NAME...: installs what is missing where that needs no password, else goes on without.
try_packages() {
  if [[ ${HOURGLASS_PACKAGES:-} == skip ]] || ! have dpkg-query || ! have apt-get; then
    return
  fi
  local missing as_root=(env DEBIAN_FRONTEND=noninteractive)
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return
  fi
  if ((EUID != 0)); then
    as_root=(sudo -n "${as_root[@]}")
  fi
  step "Installing, if it can be: ${missing[*]}"
  { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"; } ||
    say "Going on without: the tests that want them are skipped."
}

# ensure_packages NAME...: installs what is missing of them, if anything is.
ensure_packages() {
  if [[ ${HOURGLASS_PACKAGES:-} == skip ]]; then
    return
  fi
  if ! have dpkg-query || ! have apt-get; then
    check_tools_by_hand "$@"
    return
  fi

  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return
  fi

  step "Installing ${#missing[@]} packages: ${missing[*]}"
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if ((EUID != 0)); then
    if ! have sudo || ! sudo -n true 2>/dev/null; then
      say "This needs root. Type this line, then start ${0##*/} again:"
      say ""
      say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
      say ""
      say "(HOURGLASS_PACKAGES=skip goes on without, for libraries installed in another way.)"
      exit 1
    fi
    as_root=(sudo -n "${as_root[@]}")
  fi
  "${as_root[@]}" apt-get update -q ||
    say "The package lists could not be renewed; going on with those at hand."
  "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"
}

# Not Debian or Ubuntu: names what is needed, and goes on if the tools are there. CMake looks for
# the rest.
check_tools_by_hand() {
  say "This is not Debian or Ubuntu. Needed are, by Debian's names: $*"
  local tool missing=()
  for tool in cmake ninja python3; do
    have "$tool" || missing+=("$tool")
  done
  have "${CXX:-c++}" || have g++ || missing+=("a C++20 compiler")
  if ((${#missing[@]} > 0)); then
    fail "not found: ${missing[*]}. Install what is missing and start again."
  fi
}

# --- What the machine has ---------------------------------------------------------------------

# The Python that has NumPy and Matplotlib: a python3 of the user's own may lack them.
choose_python() {
  local python
  for python in "${HOURGLASS_PYTHON:-}" python3 /usr/bin/python3; do
    if [[ -n $python ]] && "$python" -c 'import numpy, matplotlib' >/dev/null 2>&1; then
      HOURGLASS_PYTHON="$(command -v "$python")"
      export HOURGLASS_PYTHON
      return
    fi
  done
  fail "no Python with NumPy and Matplotlib; install them, or name one in HOURGLASS_PYTHON"
}

# choose_cuda run|test: fills cuda_options, by scripts/choose_cuda.
choose_cuda() {
  local options
  options="$("$HOURGLASS_PYTHON" "$root/scripts/choose_cuda" "$1")" || exit
  mapfile -t cuda_options <<<"$options"
}

# has_mnist FOLDER: are the four files there, compressed or not?
has_mnist() {
  local name
  for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    [[ -f $1/$name-ubyte.gz || -f $1/$name-ubyte ]] || return 1
  done
}

# --- Build ------------------------------------------------------------------------------------

# configure PRESET FOLDER OPTION...: afresh when the options are others than last time, as CMake
# would keep what it found with those (another toolkit, say).
configure() {
  local preset="$1" folder="$2" fresh=()
  shift 2
  if [[ -f $folder/CMakeCache.txt && "$(cat "$folder/options" 2>/dev/null)" != "$*" ]]; then
    fresh=(--fresh)
  fi
  (cd "$root" && cmake --preset "$preset" -B "$folder" "${fresh[@]}" "$@") || return
  printf '%s\n' "$*" >"$folder/options"
}

# build FOLDER OPTION...
build() {
  local folder="$1"
  shift
  CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" cmake --build "$folder" "$@"
}
