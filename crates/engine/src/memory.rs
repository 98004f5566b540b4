//! How much memory is left, and the refusal of what would not fit.
//! An allocation that fails aborts the process, so sizes are compared before anything is allocated.

use crate::tensor::pool;
use crate::{EngineError, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Smaller requests are not checked: reading the limits takes tens of microseconds, a small program less.
const CHECKED_FROM: usize = 16 << 20;

/// Where the system does not tell: what a process of today may at most address on common machines.
const UNKNOWN: usize = 1 << 40;

/// Bytes that may still be allocated: the least of what the machine has available and of what each enclosing control group
/// (Linux, version 1 or 2) leaves. Reclaimable page cache counts as free.
pub fn available() -> usize {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_available(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = groups.lines().flat_map(group_folders).filter_map(|folder| group_available(&folder));
    limits.chain(machine).min().unwrap_or(UNKNOWN)
}

/// Refuses `bytes` for `what` if they exceed the free memory.
///
/// # Errors
/// `MemoryError` naming both sizes.
pub fn require(bytes: usize, what: &str) -> Result<()> {
    if bytes < CHECKED_FROM || bytes <= available() {
        return Ok(());
    }
    pool::clear();
    refuse_above(available(), bytes, what)
}

/// Refuses `bytes` for `what` if they exceed `limit`.
///
/// # Errors
/// `MemoryError` naming both sizes.
pub fn refuse_above(limit: usize, bytes: usize, what: &str) -> Result<()> {
    if bytes <= limit {
        return Ok(());
    }
    let size = if bytes == usize::MAX { "more than any memory".to_string() } else { show(bytes) };
    Err(EngineError::memory(format!("{what} does not fit into memory")).with(format!("at most {} free", show(limit)), size))
}

/// A size for people: `1.5 GiB (1610612736 bytes)`.
pub fn show(bytes: usize) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {} ({bytes} bytes)", units[unit])
}

/// `MemAvailable` of the text of `/proc/meminfo`, in bytes.
fn meminfo_available(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<usize>().ok()?.checked_mul(1024)
}

/// The folders that may hold the limits of a line of `/proc/self/cgroup`, from the group itself up to the root.
fn group_folders(line: &str) -> Vec<PathBuf> {
    let mut fields = line.splitn(3, ':');
    let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else { return Vec::new() };
    let root = match controllers {
        "" => PathBuf::from("/sys/fs/cgroup"),
        list if list.split(',').any(|c| c == "memory") => PathBuf::from("/sys/fs/cgroup/memory"),
        _ => return Vec::new(),
    };
    let own = root.join(path.trim_start_matches('/'));
    own.ancestors().take_while(|folder| folder.starts_with(&root)).map(Path::to_path_buf).collect()
}

/// What the control group of this folder leaves, if it has a limit.
fn group_available(folder: &Path) -> Option<usize> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<usize>().ok();
    let (limit, used) = match number("memory.max") {
        Some(limit) => (limit, number("memory.current")?),
        None => (number("memory.limit_in_bytes")?, number("memory.usage_in_bytes")?),
    };
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    Some(limit.saturating_sub(used.saturating_sub(reclaimable(&stat))))
}

/// Bytes of page cache that the text of `memory.stat` says can be dropped.
fn reclaimable(stat: &str) -> usize {
    let field = |name: &str| stat.lines().find_map(|l| l.strip_prefix(name)?.trim().parse::<usize>().ok());
    field("total_inactive_file ").or(field("inactive_file ")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_bytes() {
        assert_eq!(meminfo_available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2048 * 1024));
        assert_eq!(meminfo_available("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn a_group_is_limited_by_its_ancestors_too() {
        let folders = group_folders("0::/a/b");
        let expected = ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"].map(PathBuf::from);
        assert_eq!(folders, expected);
        assert_eq!(group_folders("4:cpu,memory:/x")[0], PathBuf::from("/sys/fs/cgroup/memory/x"));
        assert!(group_folders("5:cpuset:/x").is_empty());
    }

    #[test]
    fn inactive_page_cache_is_reclaimable() {
        assert_eq!(reclaimable("anon 5\ninactive_file 70\n"), 70);
        assert_eq!(reclaimable("inactive_file 1\ntotal_inactive_file 90\n"), 90);
    }

    #[test]
    fn some_memory_is_available() {
        assert!(available() > 0);
        assert!(require(usize::MAX, "everything").is_err());
    }

    #[test]
    fn a_refusal_names_both_sizes() {
        let error = refuse_above(1024, 4096, "a tensor").unwrap_err();
        assert_eq!(
            (error.code, error.expected.unwrap(), error.got.unwrap()),
            ("MemoryError", "at most 1.0 KiB (1024 bytes) free".into(), "4.0 KiB (4096 bytes)".into())
        );
    }
}
