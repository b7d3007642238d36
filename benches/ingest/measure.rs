//! CPU time and peak memory of a program, as the Linux kernel counts them.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc`, the same on every Linux that Rust supports.
const TICKS: f64 = 100.0;

/// Time between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(4);

/// What one run took.
#[derive(Clone, Copy)]
pub struct Usage {
    /// Seconds of CPU, user and system.
    pub cpu: f64,
    /// Seconds by the clock.
    pub wall: f64,
    /// Most memory resident at once, in MB of 1,000,000 bytes.
    pub peak_megabytes: f64,
}

impl Usage {
    /// The run with the median CPU time, with the largest memory of all; none where there was no run.
    pub fn median(runs: &mut [Self]) -> Option<Self> {
        runs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        let peak_megabytes = runs.iter().map(|run| run.peak_megabytes).fold(0.0, f64::max);
        Some(Self { peak_megabytes, ..*runs.get(runs.len() / 2)? })
    }
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Usage {
    let (before, start) = (children_cpu(), Instant::now());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(peak_megabytes(child.id()).unwrap_or_default());
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(PAUSE),
        }
    };
    assert!(status.success(), "{command:?} failed");
    Usage { cpu: children_cpu() - before, wall: start.elapsed().as_secs_f64(), peak_megabytes: peak }
}

/// `VmHWM` of a process that still runs.
fn peak_megabytes(process: u32) -> Option<f64> {
    let status = fs_err::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0 / 1e6)
}

/// CPU seconds of all children that have ended: fields 16 and 17 of `/proc/self/stat` (proc(5)).
fn children_cpu() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap();
    // The second field is a name in parentheses, which may hold blanks; the third follows it.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
}
