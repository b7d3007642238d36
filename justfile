# `just check` is what a change has to pass before it is proposed; `.ci/run` runs the same and more.

default:
    @just --list

# Format, lints on every feature set, tests, docs, licences.
check: fmt clippy test doc deny

fmt:
    cargo fmt --check

clippy:
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --all-features -- -D warnings
    cargo clippy --all-targets --no-default-features -- -D warnings

test *ARGS:
    cargo test {{ARGS}}

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

deny:
    if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: skipped"; fi

# Speed and memory; see docs of each bench for what it prints.
bench *ARGS:
    cargo bench {{ARGS}}

# The run engine beside the floor in every scenario of performance.md; needs ASSIZE_SHARED and Python 3.
bench-engine *ARGS:
    cargo build --release
    python3 benches/engine.py {{ARGS}}

# The whole way on simulated sessions, time and memory by stage: `just bench-scale 4000 40000 400000` (24 GB of disk for the last).
bench-scale *ARGS:
    cargo build --release
    python3 benches/scale.py {{ARGS}}

# `assize report` from a ledger of so many sessions x 8 verdicts.
bench-report *ARGS:
    cargo build --release
    python3 benches/scale.py --report {{ARGS}}

# Every reader on damaged input: each fuzz target for some seconds, two at once; see fuzz/README.md.
fuzz SECONDS="60":
    fuzz/run {{SECONDS}}

# Speed of the coefficients; beside the Python packages where REFERENCE names an interpreter that has them.
bench-agreement REFERENCE="":
    cargo bench --bench agreement -- --out "$PWD/target/agreement.csv"
    if [ -n "{{REFERENCE}}" ]; then {{REFERENCE}} benches/agreement.py target/agreement.csv; else echo "no interpreter named: Python references skipped"; fi

# Coverage of the intervals of corrected shares; beside judgy and truescore where REFERENCE names an interpreter: it installs them where it lacks them.
bench-coverage REFERENCE="":
    cargo bench --bench coverage -- --out "$PWD/target/coverage"
    if [ -n "{{REFERENCE}}" ]; then {{REFERENCE}} benches/coverage.py target/coverage; else echo "no interpreter named: judgy and truescore skipped"; fi

# The study's numbers published, planted and recovered: writes docs/recovery.md.
recovery:
    cargo bench --bench recovery

# The whole way on bundled synthetic data.
demo:
    cargo run --release -- demo

# Review changed snapshots (cargo install cargo-insta).
snapshots:
    cargo insta review
