//! The one error of this crate: what is wrong with which file, what was expected and what came.
//! It is a value, so that the layers above turn it into their own class without parsing text.

use std::fmt;
use std::io;
use std::path::Path;

/// Name of the error class that every failure of this crate belongs to.
pub const CODE: &str = "CheckpointError";

/// Longest piece of a file's own text that a message repeats, in characters.
const SHOWN: usize = 96;

/// A checkpoint that cannot be read, written or used.
///
/// ```
/// use thalweg_checkpoint::CheckpointError;
/// let error = CheckpointError::loading("runs/a/model.safetensors", "the file is empty")
///     .with("at least 8 bytes", "0 bytes");
/// assert_eq!(
///     error.to_string(),
///     "runs/a/model.safetensors: the file is empty. Nothing was loaded."
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointError {
    /// Always [`CODE`]: the name of the error class.
    pub code: &'static str,
    /// What is wrong and what followed from it, in sentences.
    pub message: String,
    /// What would have been right; empty where the message says it all.
    pub expected: String,
    /// What was there instead; empty where the message says it all.
    pub got: String,
    /// The file or folder concerned, as the caller named it.
    pub path: String,
}

/// Result of everything that touches a checkpoint.
pub type Result<T> = std::result::Result<T, CheckpointError>;

impl CheckpointError {
    /// A refusal to load; `problem` is a clause without a full stop.
    pub fn loading(path: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::new(path.into(), format!("{problem}. Nothing was loaded."))
    }

    /// A failure to save; `problem` is a clause without a full stop.
    pub fn saving(path: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::new(path.into(), format!("{problem}. What was there before is unchanged."))
    }

    /// An error about a tensor in memory, which concerns no file.
    pub fn tensor(problem: impl fmt::Display) -> Self {
        Self::new(String::new(), format!("{problem}."))
    }

    /// Adds what was expected and what came.
    #[must_use]
    pub fn with(mut self, expected: impl Into<String>, got: impl Into<String>) -> Self {
        self.expected = expected.into();
        self.got = got.into();
        self
    }

    pub(crate) fn load_io(path: &Path, doing: &str, error: &io::Error) -> Self {
        Self::loading(shown_path(path), format!("cannot {doing}: {error}"))
    }

    pub(crate) fn save_io(path: &Path, doing: &str, error: &io::Error) -> Self {
        Self::saving(shown_path(path), format!("cannot {doing}: {error}"))
    }

    fn new(path: String, message: String) -> Self {
        Self { code: CODE, message, expected: String::new(), got: String::new(), path }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for CheckpointError {}

/// A path as a message shows it.
pub(crate) fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

/// A piece of a file's own text, made safe to show: control characters escaped, length bounded.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// A count with separators: 5718792 → "5,718,792".
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (5_718_792, "5,718,792")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn a_files_own_text_is_bounded_and_escaped() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown(&"x".repeat(10_000)).chars().count(), SHOWN + 1);
    }
}
