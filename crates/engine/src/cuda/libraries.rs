//! Refuses to start where a CUDA library is missing, and says what is there instead.

use super::versions;
use crate::{EngineError, Result};
use std::path::PathBuf;
use std::{env, fs};

/// Folders where libraries are often installed, beside those that the environment names.
const USUAL: [&str; 4] = ["/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];

fn folders() -> Vec<PathBuf> {
    let named = ["THALWEG_CUDA_LIBRARIES", "LD_LIBRARY_PATH"].into_iter().filter_map(env::var_os);
    let named = named.flat_map(|list| env::split_paths(&list).collect::<Vec<_>>());
    named.chain(USUAL.map(PathBuf::from)).filter(|folder| !folder.as_os_str().is_empty()).collect()
}

/// Files in these folders whose names begin so.
fn others(beginning: &str, folders: Vec<PathBuf>) -> Vec<String> {
    let files = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let mut found: Vec<String> = files
        .filter(|file| file.file_name().to_string_lossy().starts_with(beginning))
        .map(|file| file.path().display().to_string())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Checks that every library can be opened.
pub(crate) fn require() -> Result<()> {
    for library in versions::libraries() {
        if library.version.is_none() {
            let found = others(&format!("lib{}.so", library.name.to_lowercase()), folders());
            let got = if found.is_empty() { "none".to_string() } else { found.join(", ") };
            let message = format!("no CUDA device: {} cannot be opened; THALWEG_CUDA_LIBRARIES may name its folder", library.name);
            return Err(EngineError::device(message).with(library.needed, got));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_instead_is_found() {
        let folder = env::temp_dir().join(format!("thalweg-libraries-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["libcublas.so.12", "libcublas.so.11", "libnvrtc.so.12"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let found = others("libcublas.so", vec![folder.clone(), folder.join("none"), folder.clone()]);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("libcublas.so.11") && found[1].ends_with("libcublas.so.12"), "{found:?}");
    }
}
