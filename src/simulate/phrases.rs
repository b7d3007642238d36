//! What simulated people and agents say. `{...}` are slots that [`super::dialogue`] fills from the project.
//!
//! Modes share words on purpose: errors are mentioned while building, tests are run while fixing, plans are asked for
//! before almost anything. What tells modes apart is what most of the session is about.

/// How precisely a person opens a session: vague, plain, or knowing.
pub(super) type Registers = [&'static [&'static str]; 3];

/// Opening prompts by work mode, in the order of [`super::question::MODES`].
pub(super) const OPENINGS: [Registers; 9] = [
    [
        &[
            "something is wrong, {symptom}. can you look at it?",
            "help, {symptom} and I don't know why",
            "it used to work but now {symptom}",
        ],
        &[
            "{symptom}. I get this:\n\n{error}\n\nPlease find out what happens in {file}.",
            "Since yesterday {symptom}. Start in {file}.",
            "CI says `{error}`. Can you get this green again?",
        ],
        &[
            "{symptom}. I think `{symbol}` in {file} is to blame: {insight}. Reproduce it first, then change as little as you can.\n\n{error}",
            "`{error}` after the last release. Bisect if you must, but look at `{symbol}` first; {insight}.",
        ],
    ],
    [
        &["I want {feature}", "can you make me {feature}? it should look nice", "please add {feature} to the app"],
        &[
            "Add {feature}. The code for it belongs in {file}, next to `{symbol}`.",
            "We need {feature}. Use what is in {file} and keep the interface as it is.",
            "Refactor {file} so that `{symbol}` is no longer one big function, then add {feature}.",
        ],
        &[
            "Let's build {feature}. Constraints: {insight}. Extend `{symbol}` rather than adding a second path, and cover the retry case.",
            "Sketch the approach in two lines, then implement {feature} in {file}. Mind that {insight}.",
        ],
    ],
    [
        &[
            "how do I get this running on the server?",
            "the deploy does not work, can you do it",
            "please set this up on my machine",
        ],
        &[
            "Deploy the current main with `{operation}` and tell me when it is up.",
            "Set up CI so that `{tests}` runs on every push.",
            "The environment is out of date: update the dependencies and check that `{operation}` still runs.",
        ],
        &[
            "Roll out with `{operation}`, canary first. Watch the error rate for ten minutes; {insight}.",
            "Look through last night's logs for {symbol}. I expect retries around 03:00 because {insight}; adjust the alert, not the code.",
        ],
    ],
    [
        &[
            "write something about {feature} for our users",
            "can you make this text better",
            "I need a nice text for the meeting",
        ],
        &[
            "Write a one-page memo on {feature} for people who do not code. Put it into {paper}.",
            "Draft the release notes: {feature}, and that {symptom} is a thing of the past.",
            "Turn {paper} into five slides.",
        ],
        &[
            "Draft the explanation of {feature} for the board in {paper}. Do not soften this point: {insight}. Half a page, no bullet points.",
            "Rewrite {paper}. The argument should run from the constraint to the choice: {insight}.",
        ],
    ],
    [
        &["what does this project do?", "I don't understand {file}, explain it to me", "how does all this work"],
        &[
            "Walk me through {file}. What calls `{symbol}`, and when?",
            "I am new here. Where does {feature} live, and how does it reach {file}?",
            "Why does `{symbol}` exist at all? Don't change anything, I want to understand it.",
        ],
        &[
            "Trace `{symbol}` from the entry point to the store and list where it can block. I suspect that {insight}, so say where the code relies on it.",
            "Review {file} for me to learn how they handle it; {insight}. No edits.",
        ],
    ],
    [
        &["I have an idea: {feature}. what should we do?", "how should we start with {feature}", "make a plan"],
        &[
            "Plan {feature}: which files change, in what order, and what could go wrong. No code yet.",
            "Compare two ways to do {feature} in {file} and recommend one.",
            "Break {feature} down into steps that I can hand out.",
        ],
        &[
            "Write a design for {feature}. It has to hold that {insight}; weigh a migration against a second `{symbol}` and name the failure modes. Plan only.",
            "Before anyone touches {file}: propose how `{symbol}` should be split, given that {insight}.",
        ],
    ],
    [
        &[
            "make the assistant smarter",
            "the bot gives bad answers, change its instructions",
            "I want an agent that does {feature}",
        ],
        &[
            "Improve the prompt in {file} so that it stops when {symptom}.",
            "Set up three subagents that check each other for {feature}.",
            "Write an eval set of twenty cases for `{symbol}`.",
        ],
        &[
            "Change the grading prompt: {insight}. Then rerun the eval and show me only the cases that flipped.",
            "Build a harness that runs the agent against {paper} twice and reports disagreement; {insight}.",
        ],
    ],
    [
        &["look at this data and tell me what you see: {paper}", "can you make a chart", "what is the average here"],
        &[
            "How has {feature} been used by month? The numbers are in {paper}.",
            "Plot {paper} and tell me if there is a trend.",
            "Compare {paper} before and after the change and give me a table.",
        ],
        &[
            "Estimate the effect of {feature} on {paper}, with an interval; {insight}. Throwaway script is fine.",
            "Regress the outcome in {paper} on month and group; {insight}, so check the residuals before you report anything.",
        ],
    ],
    [
        &["is this tested?", "can you check that everything works", "write tests please"],
        &[
            "Write tests for `{symbol}` in {file}, the happy path and the empty case.",
            "Raise the coverage of {file}; `{tests}` should stay fast.",
            "Review the last change to {file} and say what is not covered.",
        ],
        &[
            "Add a property test for `{symbol}`: {insight}. Shrinkable inputs, no sleeps.",
            "Write the regression test first for the case where {insight}, and fuzz `{symbol}` for a minute.",
        ],
    ],
];

/// What people say in the middle, whatever the work.
pub(super) const MIDDLE: Registers = [
    &[
        "ok",
        "and now?",
        "I don't get it, can you do it for me?",
        "please double-check everything",
        "is that good?",
        "go on",
    ],
    &[
        "Good. Now do the same in {file}.",
        "Also think of {feature} while you are there.",
        "Can you show me the diff first?",
        "Run `{tests}` again, please.",
        "What does `{symbol}` return in that case?",
        "Continue with the next step.",
    ],
    &[
        "No: {insight}. Redo that part.",
        "Check `{symbol}` with an empty input and with two writers at once.",
        "It passes only because the fixture is sorted. What about {insight}?",
        "Keep it, but move the check in front of `{symbol}`; {insight}.",
        "Show me the failing case, not the summary.",
    ],
];

/// Detours: a turn that belongs to other work than the session.
pub(super) const DETOURS: [&str; 6] = [
    "By the way, what is {file} for?",
    "Quick one: does `{operation}` still work?",
    "There was also this the other day: {error}. Ignore it for now, just note it down.",
    "Could you put two sentences about {feature} into {paper}?",
    "What would it take to get {feature}? Only roughly.",
    "Run `{tests}` while you are at it.",
];

/// Openings of sessions without a clear goal.
pub(super) const WANDERING: [&str; 5] = [
    "just looking around, what is interesting in here?",
    "I wonder what people do about {feature} these days",
    "hm, {file}. what do you think of it?",
    "no particular task today. Tell me something about `{symbol}`",
    "let's see what you can do",
];

/// The agent puts a beginner's idea right.
pub(super) const CORRECTIONS: [&str; 3] = [
    "One thing first: what you describe is not quite how it works. `{symbol}` does not store anything, it only passes the value on; the store is in {file}.",
    "Actually, the two are different things. A restart does not change the data, and {symptom} has another reason.",
    "Before I start: `{tests}` does not deploy anything, it runs the tests. I assume that you want the change on your machine.",
];

/// What the agent says before it acts.
pub(super) const BEFORE: [&str; 6] = [
    "I'll start with {file} and see how `{symbol}` is used.",
    "Let me look at the code first.",
    "I'll check how this is wired up before I touch anything.",
    "First the current state, then the smallest step that helps.",
    "Let me find where {feature} would belong.",
    "I'll read {file} and the tests around it.",
];

/// What the agent thinks.
pub(super) const THOUGHTS: [&str; 5] = [
    "The user wants this in {file}. I should see what `{symbol}` does today before I decide, because a second path would be hard to keep in step with the first one.",
    "There are two places where this could go. The one in {file} is closer to the data, so start there and keep the interface.",
    "If {insight}, then the order matters here. Let me verify that with the code instead of assuming it.",
    "The last output shows what I expected, except for one line. I will look at that before going on.",
    "This touches `{symbol}` and its callers. Let me search for them so that nothing is missed.",
];

/// How the agent sums a turn up, by work mode.
pub(super) const SUMMARIES: [&str; 9] = [
    "The cause was in `{symbol}`: a value from an earlier call was used again. {file} now computes it anew, and the case from your report is covered.",
    "{feature} is in: the logic sits in {file} beside `{symbol}`, and the callers did not have to change.",
    "`{operation}` went through. The service answers, and the settings are written down in {file}.",
    "The text is in {paper}. It opens with the point, gives the reason, and ends with what happens next.",
    "In short: `{symbol}` is called from {file} once per request. It reads, checks, and hands over; nothing is written there.",
    "The plan has four steps, with {file} first and the risky part behind a switch. The open question is who owns {feature}.",
    "The instructions now ask for evidence before an answer, and the evaluation runs from {file}.",
    "Over the months the numbers rise by about a tenth, with one jump; the table is above and the script is throwaway.",
    "There are new tests for `{symbol}`: the usual case, the empty one and the one that used to be forgotten.",
];

/// What the person says at the end of good work.
pub(super) const AFFIRMATIONS: [&str; 4] =
    ["Great, that works. Thanks!", "Looks good to me.", "Perfect, thank you.", "Nice. It works now."];

/// What the person says at the end of work that is no good.
pub(super) const REJECTIONS: [&str; 4] = [
    "It still does not work.",
    "Never mind, I'll do it by hand.",
    "That's wrong. I leave it for today.",
    "No, that is not what I asked for. Undo everything.",
];

/// What the person says of a step that is no good.
pub(super) const COMPLAINTS: [&str; 3] = [
    "That is not what I asked for, try again.",
    "It still doesn't work. Once more, please.",
    "No, this is wrong. {file} is the place.",
];

/// What the person says of a step that is a little beside the point.
pub(super) const CONCERNS: [&str; 3] = [
    "Hm, that is a bit more than I wanted; stay with {file}.",
    "Actually, please keep `{symbol}` as it was.",
    "Not quite: I meant {feature} only.",
];

/// How people leave who wanted nothing in particular.
pub(super) const ASIDES: [&str; 2] = ["ok, interesting", "I see. Maybe another time"];

/// What people say who show nothing of themselves.
pub(super) const THIN: [&str; 3] = ["go on", "again", "next"];

/// How the agent owns up to a limit.
pub(super) const LIMITS: [&str; 3] = [
    "The first part is done. I could not get the second to work: `{symbol}` depends on something that is not in this repository.",
    "This covers the common case only; the rest needs a decision from you.",
    "I got as far as {file}. The remaining step fails and I have not found out why.",
];
