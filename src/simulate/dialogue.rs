//! From a planned session to what is said and done in it.

use crate::session::count_words;

use super::ending::{Sign, last_words, objection, signs};
use super::phrases::{BEFORE, CORRECTIONS, DETOURS, LIMITS, MIDDLE, OPENINGS, SUMMARIES, THIN, THOUGHTS, WANDERING};
use super::plan::{Detail, Planned, Planted};
use super::question::{MODES, NO_LEVEL, NO_OCCUPATION, Question};
use super::random::Random;
use super::tools::{Block, Call, Place, call, commit, edit, instructions, read, shell, tests};
use super::trades::REMARKS;
use super::world::{PROJECTS, Project};

/// One prompt and the agent's messages up to the next; each message is a list of blocks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exchange {
    /// What the person says.
    pub(super) prompt: String,
    /// The agent's messages.
    pub(super) messages: Vec<Vec<Block>>,
}

/// Prompts of a short session at most.
const FEW: usize = 3;

/// Writes the session that `planned` asks for.
pub(super) fn script(planned: &Planned, seed: u64, detail: Detail) -> Vec<Exchange> {
    let place = Place {
        project: &PROJECTS[planned.project],
        folder: folder(planned),
        codebase: planned.planted.position(Question::CodebaseContext),
        writes: planned.planted.writes,
        brief: detail == Detail::Short,
    };
    let mut actor = Actor { random: Random::of(seed, "script", &planned.id), place, planted: &planned.planted };
    actor.play()
}

/// The project's folder on the person's machine.
pub(super) fn folder(planned: &Planned) -> String {
    format!("/home/{}/code/{}", planned.person_name(), PROJECTS[planned.project].name)
}

/// Person and agent of one session.
struct Actor<'a> {
    random: Random,
    place: Place<'a>,
    planted: &'a Planted,
}

impl Actor<'_> {
    fn play(&mut self) -> Vec<Exchange> {
        let planted = self.planted;
        let prompts = usize::from(planted.prompts);
        let prompts = if self.place.brief { prompts.min(FEW) } else { prompts };
        let signs = signs(planted, prompts, &mut self.random);
        let remark = self.remark();
        let last = last_words(&signs, &mut self.random);
        let objection = objection(&signs, &mut self.random);
        let acting = if last.is_some() { prompts - 1 } else { prompts };
        let mut calls = self.calls(&signs, acting, remark);
        let mut exchanges = Vec::new();
        for number in 0..prompts {
            let prompt = match number {
                _ if number >= acting => last.unwrap_or_default(),
                0 => self.opening(),
                1 if objection.is_some() => objection.unwrap_or_default(),
                _ => self.middle(),
            };
            let mut prompt = self.fill(prompt);
            if let (0, Some((remark, true))) = (number, remark) {
                prompt = format!("{prompt} {remark}");
            }
            let messages = if number < acting {
                let own = calls.len().div_ceil(acting - number);
                let rest = calls.split_off(own);
                let own = std::mem::replace(&mut calls, rest);
                self.messages(own, number, number + 1 == acting)
            } else {
                self.farewell(&signs)
            };
            exchanges.push(Exchange { prompt, messages });
        }
        if !self.place.brief {
            self.elaborate(&mut exchanges, planted.words);
        }
        exchanges
    }

    /// What shows the occupation, and whether it is said rather than read; none where nothing does.
    fn remark(&mut self) -> Option<(&'static str, bool)> {
        let occupation = self.planted.position(Question::OccupationUser);
        let remarks = REMARKS.get(occupation).filter(|_| occupation != NO_OCCUPATION)?;
        Some((*self.random.pick(remarks), self.random.chance(0.75)))
    }

    fn opening(&mut self) -> &'static str {
        if self.planted.label(Question::Outcome) == "no_clear_goal" {
            return self.random.pick::<&str>(&WANDERING);
        }
        let register = self.register();
        self.random.pick::<&str>(OPENINGS[self.planted.mode()][register])
    }

    fn middle(&mut self) -> &'static str {
        if self.planted.position(Question::Expertise) == NO_LEVEL {
            return self.random.pick::<&str>(&THIN);
        }
        if self.random.chance(0.15) {
            return self.random.pick::<&str>(&DETOURS);
        }
        if self.planted.label(Question::Outcome) == "no_clear_goal" && self.random.chance(0.5) {
            return self.random.pick::<&str>(&WANDERING);
        }
        let register = self.register();
        self.random.pick::<&str>(MIDDLE[register])
    }

    /// All tool calls, in order: those that set the scene, the work, and those that end it.
    fn calls(&mut self, signs: &[Sign], acting: usize, remark: Option<(&'static str, bool)>) -> Vec<Call> {
        let (place, random) = (&self.place, &mut self.random);
        let project = place.project;
        let mut calls = Vec::new();
        if let Some((remark, false)) = remark {
            calls.push(instructions(place, remark));
        }
        match MODES_OF_CODE[place.codebase] {
            Scene::New => calls.push(shell("git init", "Initialized empty Git repository", false)),
            Scene::Code => calls.push(read(place, random)),
            Scene::Elsewhere => {}
        }
        if signs.contains(&Sign::Slip) {
            let command = format!("python3 scratch.py {}", random.pick(&project.papers));
            calls.push(shell(&command, "Traceback (most recent call last): no column of that name", true));
            calls.push(shell(&command, "rows 412", false));
        }
        if place.writes {
            calls.push(edit(place, random));
        }
        let mut end = Vec::new();
        if signs.contains(&Sign::Output) {
            let command = *random.pick::<&str>(&project.operations);
            end.push(shell(command, "done", false));
        }
        if signs.contains(&Sign::Tests) {
            end.push(tests(project, true, random));
        }
        if signs.contains(&Sign::Commit) {
            let subject = *random.pick::<&str>(&project.features);
            end.push(commit(&format!("Add {subject}"), random));
        }
        if signs.contains(&Sign::FinalError) {
            end.push(tests(project, false, random));
        }
        let wanted = if place.brief { acting } else { self.planted.actions };
        for _ in calls.len() + end.len()..wanted {
            // One call in eight belongs to other work, as in real sessions.
            let other = random.chance(0.125);
            let mode = if other { random.below(MODES.len()) } else { self.planted.mode() };
            calls.push(call(mode, place, random));
        }
        calls.append(&mut end);
        calls
    }

    /// The agent's messages around `calls`, with a summary of the work where they are the last ones.
    fn messages(&mut self, calls: Vec<Call>, number: usize, last: bool) -> Vec<Vec<Block>> {
        let mut messages = Vec::new();
        if !self.place.brief {
            messages.push(self.beginning(number));
        }
        let mut calls = calls.into_iter().peekable();
        while calls.peek().is_some() {
            let together = if self.place.brief { 1 } else { 1 + self.random.weighted(&[7.0, 2.0, 1.0]) };
            messages.push(calls.by_ref().take(together).map(Block::Act).collect());
        }
        let failure = self.planted.position(Question::FailureSignal);
        let words = match self.planted.label(Question::Outcome) {
            _ if last && self.planted.position(Question::SuccessSignal) == 0 && failure > 2 => return messages,
            "no_clear_goal" => *self.random.pick(&BEFORE),
            "succeeded" => SUMMARIES[self.planted.mode()],
            _ if last => *self.random.pick(&LIMITS),
            _ => *self.random.pick(&BEFORE),
        };
        messages.push(vec![Block::Say(self.fill(words))]);
        messages
    }

    /// What the agent answers to the last words.
    fn farewell(&mut self, signs: &[Sign]) -> Vec<Vec<Block>> {
        if signs.contains(&Sign::Rejection) && self.random.chance(0.6) {
            return Vec::new();
        }
        vec![vec![Block::Say("All right. Tell me when you want to go on from here.".to_owned())]]
    }

    fn beginning(&mut self, number: usize) -> Vec<Block> {
        // People who do not know the field are put right now and then.
        let corrected = self.planted.level < 2 && number < 3 && self.random.chance(0.4);
        let words = if corrected { self.random.pick(&CORRECTIONS) } else { self.random.pick(&BEFORE) };
        vec![Block::Say(self.fill(words))]
    }

    /// Adds thoughts until about `words` words are put out.
    fn elaborate(&mut self, exchanges: &mut [Exchange], words: usize) {
        let of_block = |block: &Block| match block {
            Block::Think(text) | Block::Say(text) => count_words(text),
            Block::Act(call) => call.words(),
        };
        let all = exchanges.iter().flat_map(|exchange| exchange.messages.iter().flatten());
        let mut have = all.map(of_block).sum::<u64>();
        let places = exchanges.iter_mut().flat_map(|exchange| exchange.messages.iter_mut());
        let mut places: Vec<&mut Vec<Block>> = places.collect();
        while have < words as u64 && !places.is_empty() {
            let mut thought = String::new();
            // In as few blocks as there are messages, so that the log does not consist of its own frame.
            let share = (words as u64 - have).div_ceil(places.len() as u64);
            while count_words(&thought) < share {
                let next = *self.random.pick(&THOUGHTS);
                thought = format!("{thought}{} ", self.fill(next));
            }
            have += count_words(&thought);
            if let Some(place) = places.pop() {
                place.insert(0, Block::Think(thought));
            }
        }
    }

    /// How precisely the person speaks; not always as precisely as they could.
    fn register(&mut self) -> usize {
        let weights = [[7.0, 3.0, 0.0], [5.0, 4.5, 0.5], [1.5, 7.0, 1.5], [0.5, 5.0, 4.5], [0.5, 2.5, 7.0]];
        self.random.weighted(&weights[usize::from(self.planted.level)])
    }

    /// Fills the slots of `phrase` from the project.
    fn fill(&mut self, phrase: &str) -> String {
        let mut text = String::with_capacity(phrase.len() + 40);
        let mut rest = phrase;
        while let Some((before, slot, after)) = next_slot(rest) {
            text.push_str(before);
            let project: &Project = self.place.project;
            let choices: &[&str] = match slot {
                "file" => &project.files,
                "symbol" => &project.symbols,
                "feature" => &project.features,
                "symptom" => &project.symptoms,
                "error" => &project.errors,
                "insight" => &project.insights,
                "operation" => &project.operations,
                "paper" => &project.papers,
                _ => &[project.tests],
            };
            text.push_str(self.random.pick::<&str>(choices));
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// What the first steps show of the codebase.
#[derive(Clone, Copy)]
enum Scene {
    Code,
    New,
    Elsewhere,
}

/// The scene of each codebase context.
const MODES_OF_CODE: [Scene; 4] = [Scene::Code, Scene::Code, Scene::New, Scene::Elsewhere];

/// The text before the next slot, the slot's name, and the text behind it.
fn next_slot(phrase: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = phrase.split_once('{')?;
    let (slot, after) = rest.split_once('}')?;
    Some((before, slot, after))
}

#[cfg(test)]
mod tests_of_phrases {
    use super::super::phrases::{
        AFFIRMATIONS, ASIDES, BEFORE, COMPLAINTS, CONCERNS, CORRECTIONS, DETOURS, LIMITS, MIDDLE, OPENINGS, REJECTIONS,
        SUMMARIES, THIN, THOUGHTS, WANDERING,
    };
    use super::next_slot;

    #[test]
    fn every_slot_is_known() {
        let known = ["file", "symbol", "feature", "symptom", "error", "insight", "operation", "paper", "tests"];
        let openings = OPENINGS.iter().flatten().chain(&MIDDLE).flat_map(|phrases| phrases.iter());
        let said =
            AFFIRMATIONS.iter().chain(&ASIDES).chain(&COMPLAINTS).chain(&CONCERNS).chain(&REJECTIONS).chain(&THIN);
        let others =
            DETOURS.iter().chain(&CORRECTIONS).chain(&BEFORE).chain(&THOUGHTS).chain(&SUMMARIES).chain(&LIMITS);
        for phrase in openings.chain(said).chain(others).chain(&WANDERING) {
            let mut rest = *phrase;
            while let Some((_, slot, after)) = next_slot(rest) {
                assert!(known.contains(&slot), "{slot} in {phrase}");
                rest = after;
            }
            assert!(!rest.contains(['{', '}']), "{phrase}");
        }
    }
}
