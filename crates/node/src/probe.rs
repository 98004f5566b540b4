//! Asks in a process of its own whether a GPU answers, so that a driver that crashes or hangs takes nothing down.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// What the process runs: the survey of the addon whose file follows.
const SCRIPT: &str = "process.stdout.write(require(process.argv[1]).survey(false))";
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(10);

/// The name of the first GPU that the addon `addon` finds when `node` loads it.
///
/// # Errors
/// Why there is none, as a phrase.
pub fn first_gpu(node: &str, addon: &str, patience: Duration) -> Result<String, String> {
    let mut command = Command::new(node);
    // Options of the program that asks, such as a debugger's port, are not for this one. Electron is Node with the variable alone.
    command.args(["--eval", SCRIPT, addon]).env_remove("NODE_OPTIONS").env("ELECTRON_RUN_AS_NODE", "1");
    gpu_of(&output(command, patience)?)
}

/// What a command prints; it is ended when patience is.
fn output(mut command: Command, patience: Duration) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("the probe of the GPU could not be run: {error}");
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(failed)?;
    // What it prints fits into the pipe, so that it need not be read before the end.
    while child.try_wait().map_err(failed)?.is_none() {
        if start.elapsed() > patience {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(format!("the probe of the GPU gave no answer within {} seconds", patience.as_secs_f64()));
        }
        thread::sleep(TICK);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("the probe of the GPU ended with {}", output.status))
    }
}

/// The first GPU of a survey.
fn gpu_of(survey: &str) -> Result<String, String> {
    let survey: Json = serde_json::from_str(survey).map_err(|_| "the probe of the GPU gave no answer".to_string())?;
    if let Some(error) = survey["cuda"]["error"].as_str() {
        return Err(error.to_string());
    }
    let name = survey["cuda"]["devices"][0]["name"].as_str();
    name.map(str::to_string).ok_or_else(|| "no CUDA device: the driver names none".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<String, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        output(command, patience)
    }

    #[test]
    #[cfg(unix)]
    fn a_probe_that_crashes_hangs_or_cannot_be_run_is_a_reason() {
        const LONG: Duration = Duration::from_secs(30);
        assert_eq!(shell("printf yes", LONG), Ok("yes".to_string()));
        assert!(shell("kill -SEGV $$", LONG).unwrap_err().contains("signal"));
        assert!(shell("printf yes; exit 3", LONG).unwrap_err().contains('3'));
        let start = Instant::now();
        assert!(shell("exec sleep 20", Duration::from_millis(50)).unwrap_err().contains("within 0.05 seconds"));
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(first_gpu("/nowhere/node", "x.node", LONG).unwrap_err().contains("could not be run"));
    }

    #[test]
    fn a_survey_names_a_gpu_or_says_why_there_is_none() {
        assert_eq!(gpu_of(r#"{"cuda":{"devices":[{"name":"H100"}]}}"#), Ok("H100".to_string()));
        assert_eq!(gpu_of(r#"{"cuda":{"error":"no driver","devices":[]}}"#), Err("no driver".to_string()));
        for text in ["", "{}", "[]", r#"{"cuda":{"devices":[]}}"#] {
            assert!(gpu_of(text).is_err(), "{text}");
        }
    }
}
