//! Measurement helpers for the benchmarks.

/// Returns the quantile `at` of the values: 0.5 is the median.
pub fn quantile(mut values: Vec<f64>, at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * at).round();
    values.get(index as usize).copied().unwrap_or_default()
}

/// Returns the peak memory of a process; 0 if the system does not report it (other than Linux).
pub fn peak_bytes(process: Option<u32>) -> u64 {
    let status = proc_file(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

/// Returns the contents of a process's proc(5) file.
pub fn proc_file(process: Option<u32>, name: &str) -> String {
    let id = process.unwrap_or_default();
    std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default()
}
