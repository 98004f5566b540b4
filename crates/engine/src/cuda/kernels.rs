//! Machine code of kernels, compiled once for each text and card and kept on disk by its content.

use super::driver::{self, Module, Session};
use crate::Result;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::{env, fs, process};

/// The folder of compiled kernels: `THALWEG_CACHE`, else the user's cache.
fn folder() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = set("THALWEG_CACHE").or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("thalweg")));
    base.or_else(|| set("HOME").map(|d| d.join(".cache").join("thalweg"))).map(|d| d.join("kernels"))
}

/// The machine code of `text`, loaded.
pub(crate) fn module(session: &Session, text: &str, capability: (i32, i32)) -> Result<Module> {
    let key = format!("{:?} sm_{}{}\n{text}", driver::compiler()?, capability.0, capability.1);
    let hash: String = Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder().map(|folder| folder.join(format!("{hash}.cubin")));
    // What was damaged on disk does not load, and is made anew.
    let kept = path.as_ref().and_then(|path| fs::read(path).ok()).filter(|code| !code.is_empty());
    if let Some(module) = kept.and_then(|code| session.load(&code).ok()) {
        return Ok(module);
    }
    let code = driver::compile(text, capability)?;
    let module = session.load(&code)?;
    if let Some(path) = path {
        keep(&path, &code);
    }
    Ok(module)
}

/// Writes a file whole or not at all. Without a writable cache programs compile each time.
fn keep(path: &std::path::Path, code: &[u8]) {
    let Some(folder) = path.parent() else { return };
    let partial = path.with_extension(format!("{}.partial", process::id()));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&partial, code)).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
}
