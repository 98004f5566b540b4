//! Prints the rows of all exact checks as JSON, `[{ section, name, measured, bound, source, pass, labels }, …]`; progress goes to stderr.
//! `--quick` checks a few processes and solvers. Rows outside of their bounds are the reader's business: the exit code says only whether all checks ran.

use std::process::ExitCode;
use thalweg_verify::{Effort, rows};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Effort::Full,
        ["--quick"] => Effort::Quick,
        _ => {
            eprintln!("usage: thalweg-verify [--quick]");
            return ExitCode::from(2);
        }
    };
    let outcome = rows(effort, |name, left| eprintln!("{name}: done; {left} left"));
    let printed = outcome.map_err(|e| e.message).and_then(|rows| serde_json::to_string(&rows).map_err(|e| e.to_string()));
    match printed {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
