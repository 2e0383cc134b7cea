//! Measurement helpers for the benchmarks.

/// Returns the quantile `at` of the values: 0.5 is the median.
pub fn quantile(mut values: Vec<f64>, at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len().saturating_sub(1) as f64 * at).round();
    values.get(index as usize).copied().unwrap_or_default()
}

use std::time::Duration;

// Of a process, or of this one. 0 if the system does not report it (other than Linux).

/// Returns the peak memory, files that are mapped included.
pub fn peak_bytes(process: Option<u32>) -> u64 {
    status_bytes(process, "VmHWM:")
}

/// Returns the memory in use, files that are mapped included.
pub fn resident_bytes(process: Option<u32>) -> u64 {
    status_bytes(process, "VmRSS:")
}

/// Returns the memory in use without files, which the system can drop at any time.
pub fn own_bytes(process: Option<u32>) -> u64 {
    status_bytes(process, "RssAnon:")
}

fn status_bytes(process: Option<u32>, name: &str) -> u64 {
    let status = proc_file(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

/// Returns the user and system time: fields 14 and 15 of proc(5)'s `stat`, in ticks of 10 ms.
pub fn cpu(process: Option<u32>) -> Duration {
    let stat = proc_file(process, "stat");
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|part| part.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Returns the contents of a proc(5) file.
fn proc_file(process: Option<u32>, name: &str) -> String {
    let id = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default()
}

/// Returns the bytes of a folder's files on the disk.
pub fn disk_bytes(folder: &std::path::Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += match metadata.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
        };
    }
    Ok(bytes)
}
