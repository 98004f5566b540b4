//! A checkpoint folder: several files that change together, or not at all.
//! A crash at any moment leaves the old checkpoint or the new one loadable, never a mix of both.
//!
//! ```text
//! runs/a/config.json  model.safetensors  training.safetensors …   as any other tool opens them
//! runs/a/manifest.json                   which files belong together: names, sizes, CRC-32
//! runs/a/.lock                           empty; one writer, or many readers, at a time
//! runs/a/.saving/                        exists only during a save, or after a crash of one
//! ```
//!
//! **How a save works** (a redo log): all files are written and synced under `.saving/`; then
//! `.saving/manifest.json` appears by one rename: that is the moment at which the new checkpoint exists.
//! Only then are the files renamed into the folder one by one, files of the old checkpoint that the new
//! one lacks are removed, the manifest is renamed last and `.saving/` is removed.
//!
//! - Crash before the manifest: the folder was not touched; the next save removes `.saving/`.
//! - Crash after it: a load takes each file from `.saving/` where it still is and from the folder where it
//!   was moved already, so it sees the new checkpoint whole, also on a read-only disk. The next save
//!   finishes the move first.
//!
//! **Why not the alternatives.** Swapping two folders by one rename exists on Linux only, and takes away
//! the user's other files in the folder. Numbered folders behind a pointer, or links, hide the files from
//! other tools or need rights that Windows does not give. A manifest that is written last over files
//! replaced one by one leaves neither checkpoint loadable when the crash comes between.
//!
//! **Two writers** wait for each other on `.lock`, which the system releases when a process dies; a reader
//! holds it shared. A file system without locks cannot be saved to, so a reader there needs none.
//!
//! A file that was changed by hand no longer fits the manifest and is refused; deleting `manifest.json`
//! accepts it, since without a manifest every `.json` and `.safetensors` file of the folder is taken.

mod load;
mod lock;
mod manifest;
mod save;

pub use load::{Files, load_folder};
pub use save::{SaveStep, save_folder, save_folder_observed};

/// The file that says which files belong to the checkpoint.
pub const MANIFEST: &str = "manifest.json";

/// Where a save prepares the new files.
const STAGING: &str = ".saving";

/// The file that writers and readers lock.
const LOCK: &str = ".lock";
