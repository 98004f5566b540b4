//! The CPU time of the calling thread, in milliseconds.
//! Wall time would blame an export for a busy machine; this clock runs only while the thread does.

/// CPU milliseconds that the calling thread has used so far; the origin is unspecified.
#[cfg(unix)]
pub fn thread_cpu_ms() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `clock_gettime` writes one `timespec` through a pointer that is valid for this call.
    // There is no safe way to this clock in std.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    assert_eq!(status, 0, "the thread CPU clock cannot be read");
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

#[cfg(not(unix))]
compile_error!("the feature test-hooks needs the thread CPU clock of a unix system");

#[cfg(test)]
mod tests {
    use super::thread_cpu_ms;

    #[test]
    fn the_clock_runs_while_computing_and_rests_while_sleeping() {
        let start = thread_cpu_ms();
        std::thread::sleep(std::time::Duration::from_millis(60));
        let slept = thread_cpu_ms() - start;
        assert!(slept < 30.0, "{slept} ms of CPU while asleep");

        let start = thread_cpu_ms();
        let wall = std::time::Instant::now();
        let mut sum = 0.0_f64;
        while thread_cpu_ms() - start < 5.0 {
            sum = std::hint::black_box(sum + 1.0);
            assert!(wall.elapsed().as_secs() < 30, "the clock stands still");
        }
        assert!(sum > 0.0);
    }
}
