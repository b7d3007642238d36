use super::*;

const SMALL: Need = Need { input_tokens: 100, output_tokens: 10 };

/// Limits as told, with all places open.
fn told(change: impl FnOnce(&mut LimitSpec)) -> Arc<Limits> {
    let mut spec = LimitSpec { concurrency: 1_000, ..LimitSpec::default() };
    change(&mut spec);
    let mut limits = Limits::new(&spec);
    limits.places = Arc::new(Places::all_open(spec.concurrency));
    Arc::new(limits)
}

/// Milliseconds at which `needs`, asked for at once in this order, are granted.
async fn grants(limits: &Limits, needs: &[Need]) -> Vec<u128> {
    let start = Instant::now();
    let admitted = needs.iter().map(|&need| async move {
        let grant = limits.admit(need).await;
        (grant, start.elapsed().as_millis())
    });
    futures_util::future::join_all(admitted).await.into_iter().map(|(_, time)| time).collect()
}

#[test]
fn limits_are_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Limits>();
    shared::<Grant>();
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_where_nothing_is_told() {
    assert_eq!(grants(&told(|_| ()), &[SMALL; 500]).await, [0; 500]);
}

#[tokio::test(start_paused = true)]
async fn requests_pass_at_their_rate() {
    // 12,000 a minute: ten at once (50 ms), then one every 5 ms.
    let times = grants(&told(|spec| spec.requests_per_minute = Some(12_000)), &[SMALL; 14]).await;
    assert_eq!(times, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 10, 15, 20]);
    // 60 a minute: one a second, no burst.
    assert_eq!(grants(&told(|spec| spec.requests_per_minute = Some(60)), &[SMALL; 3]).await, [0, 1_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn limits_told_with_an_answer_hold_from_then_on_and_never_widen_what_the_experiment_tells() {
    let limits = told(|spec| spec.requests_per_minute = Some(600));
    let learned = |requests| PerMinute { requests: Some(requests), ..PerMinute::default() };
    let answered = async |told| {
        let grant = limits.admit(SMALL).await;
        limits.settle(&grant, Used::default(), told);
    };
    answered(learned(6_000)).await;
    assert_eq!(grants(&limits, &[SMALL; 4]).await, [0, 100, 200, 300], "a wider limit changes nothing");
    answered(learned(60)).await;
    answered(learned(0)).await;
    assert_eq!(grants(&limits, &[SMALL; 3]).await, [1_000, 2_000, 3_000]);
    answered(learned(300)).await;
    assert_eq!(grants(&limits, &[SMALL; 2]).await, [200, 400], "the server may raise its limit again");

    let untold = told(|_| ());
    let grant = untold.admit(SMALL).await;
    let tokens = PerMinute { input_tokens: Some(6_000), ..PerMinute::default() };
    untold.settle(&grant, Used::default(), tokens);
    assert_eq!(grants(&untold, &[SMALL; 3]).await, [0, 1_000, 2_000], "100 tokens each, 100 a second");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_tells_the_limit_sets_it_and_those_granted_before_change_nothing_more() {
    let limits = told(|_| ());
    let (first, second) = (limits.admit(SMALL).await, limits.admit(SMALL).await);
    let told = PerMinute { requests: Some(60), ..PerMinute::default() };
    assert!(!limits.refused(&first, told), "the rate is known: nobody has to wait beyond it");
    assert!(!limits.refused(&second, told));
    assert_eq!(grants(&limits, &[SMALL; 3]).await, [0, 1_000, 2_000]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let third = limits.admit(SMALL).await;
    assert!(limits.refused(&third, told), "the limit was kept, and still: others use it too");
}

#[tokio::test(start_paused = true)]
async fn an_untold_limit_is_found() {
    // A server that takes ten a second, saves up a second of them, and tells nothing.
    let server = Gate::default();
    server.set(10.0, 10.0);
    let limits = told(|_| ());
    let (mut sent, mut refused) = (0_u64, 0_u64);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(600) {
        let grant = limits.admit(SMALL).await;
        sent += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
        if tokio::time::timeout(Duration::ZERO, server.pass(1)).await.is_ok() {
            limits.settle(&grant, Used::default(), PerMinute::default());
        } else {
            refused += 1;
            if limits.refused(&grant, PerMinute::default()) {
                limits.pause(Duration::from_secs(1));
            }
        }
    }
    let share = (sent - refused) as f64 / 6_000.0;
    assert!(share >= 0.95, "{share} of the limit");
    assert!(refused * 100 <= sent * 2, "{refused} of {sent} refused");
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_token_has_its_gate_and_the_tightest_decides() {
    // 6,000 input tokens a minute: 100 a second, burst 100.
    let limits = told(|spec| {
        spec.requests_per_minute = Some(6_000);
        spec.input_tokens_per_minute = Some(6_000);
        spec.output_tokens_per_minute = Some(6_000);
    });
    assert_eq!(grants(&limits, &[SMALL; 3]).await, [0, 1_000, 2_000]);
    let output = told(|spec| spec.output_tokens_per_minute = Some(60));
    // One a second, burst one: ten tokens pass on a full burst, the other nine are paid by the next.
    assert_eq!(grants(&output, &[SMALL; 3]).await, [0, 10_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn a_long_session_is_not_postponed_by_short_ones() {
    let limits = told(|spec| spec.input_tokens_per_minute = Some(6_000));
    let long = Need { input_tokens: 1_000, output_tokens: 10 };
    let short = Need { input_tokens: 50, output_tokens: 10 };
    // The long one passes third, on a full burst; its other 900 are paid before the fourth.
    assert_eq!(grants(&limits, &[short, short, long, short]).await, [0, 0, 1_000, 10_500]);
}

#[tokio::test(start_paused = true)]
async fn tokens_used_beyond_the_need_are_charged_before_the_next_grant_and_unused_ones_given_back() {
    let limits = told(|spec| spec.input_tokens_per_minute = Some(6_000));
    let start = Instant::now();
    let settle = |grant: &Grant, input_tokens| {
        limits.settle(grant, Used { input_tokens, output_tokens: Some(10_000) }, PerMinute::default());
    };
    let grant = limits.admit(SMALL).await;
    settle(&grant, Some(300));
    let grant = limits.admit(SMALL).await;
    // 200 more than expected take 2 s, the next 100 another second.
    assert_eq!(start.elapsed().as_millis(), 3_000);
    settle(&grant, Some(40));
    let grant = limits.admit(SMALL).await;
    assert_eq!(start.elapsed().as_millis(), 3_400, "60 were left");
    settle(&grant, None);
    let grant = limits.admit(SMALL).await;
    assert_eq!(start.elapsed().as_millis(), 4_400, "what is not known stays charged");
    limits.refused(&grant, PerMinute::default());
    limits.admit(SMALL).await;
    assert_eq!(start.elapsed().as_millis(), 4_400, "a refused call used nothing");
}

#[tokio::test(start_paused = true)]
async fn places_are_free_again_when_grants_are_dropped() {
    let limits = told(|spec| spec.concurrency = 2);
    let start = Instant::now();
    let work = (0..6).map(|_| async {
        let grant = limits.admit(SMALL).await;
        tokio::time::sleep(Duration::from_millis(70)).await;
        drop(grant);
        start.elapsed().as_millis()
    });
    assert_eq!(futures_util::future::join_all(work).await, [70, 70, 140, 140, 210, 210]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_all_workers_and_the_longest_counts() {
    let limits = told(|_| ());
    limits.pause(Duration::from_millis(2_500));
    limits.pause(Duration::from_millis(10));
    assert_eq!(grants(&limits, &[SMALL; 3]).await, [2_500; 3]);
    assert_eq!(grants(&limits, &[SMALL; 3]).await, [0; 3]);
    limits.pause(Duration::MAX);
}

#[tokio::test(start_paused = true)]
async fn a_pause_called_meanwhile_holds_those_at_the_gates_too() {
    let limits = told(|spec| spec.requests_per_minute = Some(60));
    let start = Instant::now();
    limits.admit(SMALL).await;
    let waiting = async {
        limits.admit(SMALL).await;
        start.elapsed().as_millis()
    };
    let pausing = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        limits.pause(Duration::from_secs(4));
    };
    assert_eq!(tokio::join!(waiting, pausing).0, 4_400);
}

#[tokio::test(start_paused = true)]
async fn giving_up_in_the_queue_frees_the_way() {
    let limits = told(|spec| spec.input_tokens_per_minute = Some(6_000));
    let start = Instant::now();
    limits.admit(SMALL).await;
    let given_up = tokio::time::timeout(Duration::from_millis(100), limits.admit(SMALL)).await;
    assert!(given_up.is_err());
    limits.admit(SMALL).await;
    assert_eq!(start.elapsed().as_millis(), 1_000);
}
