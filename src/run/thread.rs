//! Threads of a run; the end of each is awaited.

use tokio::sync::oneshot;

/// Runs `work` on a thread `name` of its own; the receiver gets its result, or an error when it panicked.
#[expect(clippy::disallowed_methods, reason = "threads are started here only")]
pub(super) fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        // Nobody listens any more after a second interrupt.
        let _ = sender.send(work());
    };
    // Where the system gives no thread, the sender is dropped, which the receiver takes for a panic.
    let _ = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    receiver
}
