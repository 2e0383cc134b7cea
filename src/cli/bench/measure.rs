//! What the benches measure with.

/// The value so far up the sorted values: 0.5 is the median.
pub fn quantile(mut values: Vec<f64>, at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * at).round();
    values.get(index as usize).copied().unwrap_or_default()
}

/// The most memory that a process held; 0 where the system does not tell (other than Linux).
pub fn peak_bytes(process: Option<u32>) -> u64 {
    let status = proc_file(process, "status");
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

/// A file of proc(5) about a process.
pub fn proc_file(process: Option<u32>, name: &str) -> String {
    let id = process.unwrap_or_default();
    std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default()
}
