//! Checkpoint folders: what is saved loads; a save that fails or is killed at any moment leaves the old
//! checkpoint or the new one, whole; damage, strangers and concurrent writers are told apart.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use thalweg_checkpoint::{
    MANIFEST, NamedTensor, SaveStep, Tensors, canonical_json, load_folder, safetensors_bytes, save_folder, save_folder_observed,
    write_file, write_file_with,
};

/// Bytes of the weights: more than one chunk, so that a save can stop in the middle of a file.
const VALUES: usize = 600_000;

type Saved = Vec<(String, Vec<u8>)>;

/// Checkpoint number `n`; odd ones have a training state, even ones do not.
fn checkpoint(n: u8) -> Saved {
    let mut tensors = Tensors::default();
    tensors.push(NamedTensor::from_f32("w", &[VALUES], &vec![f32::from(n); VALUES]).unwrap()).unwrap();
    let mut files = vec![
        ("config.json".to_owned(), canonical_json(&json!({ "n": n })).into_bytes()),
        ("model.safetensors".to_owned(), safetensors_bytes(&tensors).unwrap()),
    ];
    if n % 2 == 1 {
        files.push(("training.json".to_owned(), canonical_json(&json!({ "step": n })).into_bytes()));
    }
    files
}

/// The number of the checkpoint in `folder`, every byte of which is checked.
fn number(folder: &Path) -> u8 {
    let files = load_folder(folder).unwrap();
    let n = files.json::<serde_json::Value>("config.json").unwrap()["n"].as_u64().unwrap() as u8;
    let want = checkpoint(n);
    assert_eq!(files.names().collect::<Vec<_>>(), want.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (name, bytes) in &want {
        assert!(files.get(name) == Some(bytes), "{name} of checkpoint {n}");
    }
    n
}

/// Names in `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every step of saving checkpoint 2 over checkpoint 1.
fn steps() -> usize {
    let folder = tempfile::tempdir().unwrap();
    save_folder(folder.path(), &checkpoint(1)).unwrap();
    let mut count = 0;
    save_folder_observed(folder.path(), &checkpoint(2), &mut |_| {
        count += 1;
        Ok(())
    })
    .unwrap();
    count
}

#[test]
fn a_saved_folder_loads_and_other_tools_see_plain_files() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("runs/a");
    save_folder(&run, &checkpoint(1)).unwrap();
    assert_eq!(number(&run), 1);
    assert_eq!(names(&run), [".lock", "config.json", MANIFEST, "model.safetensors", "training.json"]);
    let model = thalweg_checkpoint::read_safetensors(run.join("model.safetensors")).unwrap();
    assert_eq!(model.require("w").unwrap().len(), VALUES);
}

#[test]
fn a_new_checkpoint_replaces_the_old_one_and_leaves_the_users_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("samples.csv"), "1,2\n").unwrap();
    fs::write(folder.path().join("notes.json"), "{}").unwrap();
    save_folder(folder.path(), &checkpoint(1)).unwrap();
    save_folder(folder.path(), &checkpoint(2)).unwrap();
    assert_eq!(number(folder.path()), 2);
    assert_eq!(names(folder.path()), [".lock", "config.json", MANIFEST, "model.safetensors", "notes.json", "samples.csv"]);
}

#[test]
fn a_save_that_fails_at_any_step_leaves_the_old_or_the_new_checkpoint() {
    let mut seen = [false; 3];
    for stop in 0..steps() {
        let folder = tempfile::tempdir().unwrap();
        save_folder(folder.path(), &checkpoint(1)).unwrap();
        let (mut at, mut committed) = (0, false);
        let error = save_folder_observed(folder.path(), &checkpoint(2), &mut |step| {
            committed |= matches!(step, SaveStep::Publish { .. });
            at += 1;
            if at > stop { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
        .unwrap_err();
        let n = number(folder.path());
        assert_eq!(n, if committed { 2 } else { 1 }, "stopped at step {stop}");
        let says = if committed { "The new checkpoint is complete" } else { "What was there before is unchanged" };
        assert!(error.message.contains(says), "step {stop}: {error}");
        seen[usize::from(n)] = true;
        // The next save succeeds whatever was left behind, and leaves nothing behind.
        save_folder(folder.path(), &checkpoint(3)).unwrap();
        assert_eq!(number(folder.path()), 3);
        assert_eq!(names(folder.path()), [".lock", "config.json", MANIFEST, "model.safetensors", "training.json"]);
    }
    assert!(seen[1] && seen[2], "both outcomes occur");
}

/// Tells a child process what to do: `<step> <folder>`.
const CHILD: &str = "THALWEG_TEST_SAVE";

/// The part of a test that runs in a child process: saves, and dies at a step.
fn child_dies_at_its_step() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (stop, folder) = order.split_once(' ').unwrap();
    let stop: usize = stop.parse().unwrap();
    let mut at = 0;
    for n in (0..=u8::MAX).cycle().skip(2) {
        save_folder_observed(folder, &checkpoint(n), &mut |_| {
            at += 1;
            if at > stop { std::process::abort() } else { Ok(()) }
        })
        .unwrap();
    }
}

/// This test binary again, running only `test`, with an order for the child's part of it.
fn child(test: &str, stop: usize, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, format!("{stop} {}", folder.display()));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_process_that_dies_at_any_step_leaves_the_old_or_the_new_checkpoint() {
    child_dies_at_its_step();
    let mut seen = [false; 3];
    for stop in 0..steps() {
        let folder = tempfile::tempdir().unwrap();
        save_folder(folder.path(), &checkpoint(1)).unwrap();
        let test = "a_process_that_dies_at_any_step_leaves_the_old_or_the_new_checkpoint";
        let status = child(test, stop, folder.path()).status().unwrap();
        assert!(!status.success(), "the child died at step {stop}");
        seen[usize::from(number(folder.path()))] = true;
        // A process that dies while it recovers from the first death.
        let status = child(test, stop / 2, folder.path()).status().unwrap();
        assert!(!status.success());
        assert!([1, 2].contains(&number(folder.path())));
        save_folder(folder.path(), &checkpoint(4)).unwrap();
        assert_eq!(number(folder.path()), 4);
        assert_eq!(names(folder.path()), [".lock", "config.json", MANIFEST, "model.safetensors"]);
    }
    assert!(seen[1] && seen[2], "both outcomes occur");
}

#[test]
fn a_process_killed_at_any_time_leaves_a_whole_checkpoint() {
    child_dies_at_its_step();
    let folder = tempfile::tempdir().unwrap();
    save_folder(folder.path(), &checkpoint(0)).unwrap();
    let test = "a_process_killed_at_any_time_leaves_a_whole_checkpoint";
    let mut numbers = std::collections::BTreeSet::new();
    // Delays grow, so that also on a busy machine some saves finish before the process is killed.
    for i in 0.. {
        if i >= 40 && numbers.len() > 2 {
            break;
        }
        let milliseconds = 5 + 7 * i % 83 + i;
        let mut process = child(test, usize::MAX, folder.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        process.kill().unwrap();
        process.wait().unwrap();
        numbers.insert(number(folder.path()));
    }
}

#[test]
fn writers_and_readers_at_once_see_whole_checkpoints_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared");
    std::thread::scope(|scope| {
        for writer in 0..3u8 {
            let path = &path;
            scope.spawn(move || {
                for i in 0..8 {
                    save_folder(path, &checkpoint(writer * 8 + i)).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let mut loads = 0;
                while loads < 40 {
                    if path.join(MANIFEST).exists() {
                        number(&path);
                        loads += 1;
                    }
                }
            });
        }
    });
    assert!([7, 15, 23].contains(&number(&path)));
}

#[test]
fn damaged_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let problem = |damage: &dyn Fn()| {
        save_folder(folder.path(), &checkpoint(1)).unwrap();
        damage();
        load_folder(folder.path()).unwrap_err()
    };
    let model = checkpoint(1)[1].1.clone();
    let error = problem(&|| fs::write(path("model.safetensors"), &model[..1_000_000]).unwrap());
    assert_eq!(error.message, "header says 2,400,080 bytes, file has 1,000,000; the file is truncated. Nothing was loaded.");
    assert_eq!(error.path, path("model.safetensors").display().to_string());
    let error = problem(&|| fs::write(path("config.json"), "{}").unwrap());
    assert!(error.message.contains("manifest.json says 13 bytes, file has 2; it is damaged or was changed"), "{error}");
    let mut flipped = model.clone();
    flipped[2_000_000] ^= 1;
    assert!(problem(&|| fs::write(path("model.safetensors"), &flipped).unwrap()).message.contains("checksum"));
    assert!(problem(&|| fs::remove_file(path("training.json")).unwrap()).message.contains("missing"));
    for text in ["", "{", "[]", r#"{"version":2,"files":[]}"#, r#"{"version":1,"files":[],"x":1}"#] {
        assert!(problem(&|| fs::write(path(MANIFEST), text).unwrap()).message.contains("manifest"), "{text}");
    }
    for name in ["../up.json", "/etc/passwd.json", "a/b.json", ".hidden.json", "x.csv", MANIFEST] {
        let text = json!({ "version": 1, "files": [{ "name": name, "bytes": 1, "crc32": 0 }] }).to_string();
        assert!(problem(&|| fs::write(path(MANIFEST), &text).unwrap()).message.contains("refused"), "{name}");
        fs::remove_file(path(MANIFEST)).unwrap();
    }
    let huge = json!({ "version": 1, "files": [{ "name": "config.json", "bytes": u64::MAX, "crc32": 0 }] });
    assert!(problem(&|| fs::write(path(MANIFEST), huge.to_string()).unwrap()).message.contains("bytes, file has"));
    assert!(problem(&|| fs::write(path(MANIFEST), vec![b' '; 2 << 20]).unwrap()).message.contains("too long"));
}

#[test]
fn a_damaged_staging_folder_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    save_folder(folder.path(), &checkpoint(1)).unwrap();
    let staging = folder.path().join(".saving");
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join(MANIFEST), "{").unwrap();
    let error = save_folder(folder.path(), &checkpoint(2)).unwrap_err();
    assert!(error.message.contains("delete the folder to save anew") && error.path.ends_with(".saving"), "{error}");
    assert!(load_folder(folder.path()).unwrap_err().path.contains(".saving"));
    fs::remove_dir_all(&staging).unwrap();
    assert_eq!(number(folder.path()), 1);
}

#[test]
fn a_change_by_hand_is_accepted_once_the_manifest_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    save_folder(folder.path(), &checkpoint(1)).unwrap();
    fs::write(folder.path().join("config.json"), "{\"n\": 9}").unwrap();
    assert!(load_folder(folder.path()).unwrap_err().message.contains("changed after it was saved"));
    fs::remove_file(folder.path().join(MANIFEST)).unwrap();
    let files = load_folder(folder.path()).unwrap();
    assert_eq!(files.json::<serde_json::Value>("config.json").unwrap()["n"], 9);
    assert_eq!(files.names().collect::<Vec<_>>(), ["config.json", "model.safetensors", "training.json"]);
    let missing = files.require("ema.safetensors").unwrap_err();
    assert!(missing.message.contains("no file ema.safetensors"));
    assert!(files.json::<serde_json::Value>("model.safetensors").unwrap_err().message.contains("not JSON"));
}

#[test]
fn what_is_no_checkpoint_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let inside = file.join("inside");
    for (path, reason) in [(&file, "a file is in place of the folder"), (&inside, "create the folder")] {
        assert!(save_folder(path, &checkpoint(0)).unwrap_err().message.contains(reason));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "x");
    assert!(load_folder(&file).unwrap_err().message.contains("there is a file"));
    assert!(load_folder(folder.path().join("none")).unwrap_err().message.contains("there is nothing"));
    assert!(load_folder(folder.path()).unwrap_err().message.contains("no checkpoint in the folder"));
}

#[test]
fn names_that_are_not_those_of_a_checkpoint_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["../up.json", "/tmp.json", "a\\b.json", ".json", "x.csv", "", MANIFEST, "a b.json"] {
        let error = save_folder(folder.path(), &[(name, b"x")]).unwrap_err();
        assert!(error.message.contains("is refused"), "{name}: {error}");
    }
    let twice = [("a.json", b"1"), ("A.json", b"2")];
    assert!(save_folder(folder.path(), &twice).unwrap_err().message.contains("A.json is refused"));
    let none: [(&str, &[u8]); 0] = [];
    assert!(save_folder(folder.path(), &none).unwrap_err().message.contains("no files"));
    assert!(names(folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused_when_saving() {
    // The process file system refuses new files from everyone, also from the administrator.
    let error = save_folder("/proc/self", &checkpoint(0)).unwrap_err();
    assert!(error.message.contains("cannot lock the folder"), "{error}");
    let error = save_folder("/proc/self/run", &checkpoint(0)).unwrap_err();
    assert!(error.message.contains("cannot create the folder"), "{error}");
    let error = write_file("/proc/self/a.json", b"x").unwrap_err();
    assert!(error.message.contains("cannot write it"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_loads_also_after_a_crash() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    save_folder(&path, &checkpoint(1)).unwrap();
    let stopped = save_folder_observed(&path, &checkpoint(2), &mut |step| match step {
        SaveStep::Publish { name: "model.safetensors" } => Err(io::ErrorKind::Other.into()),
        _ => Ok(()),
    });
    assert!(stopped.is_err());
    for inner in [path.join(".saving"), path.clone()] {
        fs::set_permissions(inner, fs::Permissions::from_mode(0o555)).unwrap();
    }
    let before = names(&path);
    assert_eq!(number(&path), 2);
    assert_eq!(names(&path), before);
    for inner in [path.clone(), path.join(".saving")] {
        fs::set_permissions(inner, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn one_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    write_file(&path, b"old").unwrap();
    let error = write_file_with(&path, |file| {
        file.write_all(b"half of the ne")?;
        Err(io::ErrorKind::StorageFull.into())
    })
    .unwrap_err();
    assert!(error.message.contains("What was there before is unchanged."), "{error}");
    assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path()).len()), (&b"old"[..], 1));
    write_file(&path, b"new").unwrap();
    assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path()).len()), (&b"new"[..], 1));
    assert!(write_file(folder.path(), b"x").unwrap_err().message.contains("folder"));
    assert!(write_file(folder.path().join("no/such/a.json"), b"x").is_err());
}
