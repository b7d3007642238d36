//! Taking a shell command line apart into the simple commands it is made of, as far as evidence needs it.

use std::borrow::Cow;

/// What stands between two simple commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Nothing, a semicolon, a line feed or a parenthesis.
    Next,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|`.
    Pipe,
    /// `&`: the command goes on beside the next one.
    Beside,
}

/// One simple command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its words without quotes and redirections.
    pub words: Vec<String>,
    /// What stands before it.
    pub before: Operator,
    /// What stands after it.
    pub after: Operator,
    /// Whether the shell turns its status around.
    pub negated: bool,
    /// Whether another machine or a container runs it: what fails may be the way there.
    pub elsewhere: bool,
}

impl Simple {
    /// A command that stands alone.
    pub fn of(words: Vec<String>) -> Self {
        Self { words, before: Operator::Next, after: Operator::Next, negated: false, elsewhere: false }
    }

    /// Whether `!` stands before it.
    fn begins_negated(&self) -> bool {
        let keyword = |word: &str| matches!(word, "if" | "then" | "do" | "else" | "{" | "time");
        self.words.iter().find(|word| !keyword(word)).is_some_and(|word| word == "!")
    }
}

/// Commands that change nothing about how the ones beside them end.
const QUIET: [&str; 16] = [
    "cd",
    "pushd",
    "popd",
    "export",
    "source",
    ".",
    "set",
    "echo",
    "printf",
    "pwd",
    "true",
    "sleep",
    "date",
    "Write-Output",
    "Write-Host",
    "Set-Location",
];

/// The simple commands of `line`, in order.
pub(super) fn simple_commands(line: &str) -> Vec<Simple> {
    let line = without_here_documents(line);
    let mut lexer =
        Lexer { commands: Vec::new(), words: Vec::new(), word: None, pending: Operator::Next, negates: false };
    let mut letters = line.chars().peekable();
    let mut quote = None;
    let mut skip_target = false;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some('"') | None, '\\') => match letters.next() {
                Some('\n') | None => {}
                Some(next) => lexer.push(next),
            },
            (None, '\'' | '"') => {
                quote = Some(letter);
                lexer.word.get_or_insert_default();
            }
            (None, '#') if lexer.word.is_none() => while letters.next_if(|next| *next != '\n').is_some() {},
            (None, '>' | '<') => {
                // A redirection takes the number before it and the word after it.
                if lexer.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
                    lexer.word = None;
                }
                lexer.end_word(&mut skip_target);
                skip_target = true;
                while letters.next_if(|next| matches!(next, '>' | '<' | '&')).is_some() {}
            }
            (None, '&') if letters.peek() == Some(&'>') => {}
            (None, letter @ ('&' | '|' | ';' | '\n' | '(' | ')')) => {
                lexer.end_word(&mut skip_target);
                skip_target = false;
                let doubled = letters.next_if_eq(&letter).is_some();
                lexer.end_command(match (letter, doubled) {
                    ('&', true) => Operator::And,
                    ('|', true) => Operator::Or,
                    ('|', false) => Operator::Pipe,
                    ('&', false) => Operator::Beside,
                    _ => Operator::Next,
                });
            }
            (None, space) if space.is_whitespace() => lexer.end_word(&mut skip_target),
            (_, letter) => lexer.push(letter),
        }
    }
    lexer.end_word(&mut skip_target);
    lexer.end_command(Operator::Next);
    lexer.commands
}

struct Lexer {
    commands: Vec<Simple>,
    words: Vec<String>,
    word: Option<String>,
    pending: Operator,
    /// Whether a `!` stands before parentheses: where they end is not followed.
    negates: bool,
}

impl Lexer {
    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn end_word(&mut self, skip: &mut bool) {
        if let Some(word) = self.word.take()
            && !std::mem::take(skip)
        {
            self.words.push(word);
        }
    }

    fn end_command(&mut self, operator: Operator) {
        if !self.words.is_empty() {
            let mut command = Simple::of(std::mem::take(&mut self.words));
            (command.before, command.after) = (self.pending, operator);
            let piped = self.commands.last().is_some_and(|last| last.negated && self.pending == Operator::Pipe);
            command.negated = self.negates || piped || command.begins_negated();
            self.negates |= command.words.last().is_some_and(|word| word == "!");
            self.commands.push(command);
            self.pending = operator;
        } else if operator != Operator::Next {
            // After a parenthesis: `(a) || b`.
            if let Some(last) = self.commands.last_mut() {
                last.after = operator;
            }
            self.pending = operator;
        }
    }
}

/// Whether the commands all went through up to the end from the one at `at` when the whole line did.
pub(super) fn done_tells(commands: &[Simple], at: usize) -> bool {
    let rest = &commands[at..];
    let last = rest.len() - 1;
    let linked = rest[..last].iter().all(|command| command.after == Operator::And);
    linked && rest[last].after == Operator::Next && rest[0].before != Operator::Or && !rest[0].negated
}

/// Whether it must be the command at `at` that failed when the whole line did.
pub(super) fn error_tells(commands: &[Simple], at: usize) -> bool {
    let quiet = |command: &Simple| command.words.first().is_some_and(|word| QUIET.contains(&word.as_str()));
    let (before, rest) = commands.split_at(at);
    let chained =
        before.iter().rev().zip(std::iter::once(rest[0].before).chain(before.iter().rev().map(|one| one.before)));
    let innocent = chained.take_while(|(_, operator)| *operator == Operator::And).all(|(command, _)| quiet(command));
    let after = rest[1..].iter().all(|command| command.before == Operator::And);
    let own = !rest[0].negated && !rest[0].elsewhere;
    own && innocent && after && rest[1..].iter().all(quiet) && rest[0].before != Operator::Or
}

/// `line` without the bodies of its here-documents, which are text and not commands.
fn without_here_documents(line: &str) -> Cow<'_, str> {
    if !line.contains("<<") {
        return Cow::Borrowed(line);
    }
    let mut kept = String::with_capacity(line.len());
    let mut end: Option<String> = None;
    let mut body = String::new();
    for part in line.split_inclusive('\n') {
        match &end {
            Some(word) if part.trim() == word => (end, body) = (None, String::new()),
            Some(_) => body.push_str(part),
            None => {
                kept.push_str(part);
                end = here_word(part).map(str::to_owned);
            }
        }
    }
    // A document that never ends is none.
    kept.push_str(&body);
    Cow::Owned(kept)
}

fn here_word(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("<<")?;
    let after = after.trim_start_matches('-').trim_start().trim_start_matches(['\'', '"', '\\']);
    let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(after.len());
    (end > 0 && !after.starts_with(|letter: char| letter.is_ascii_digit())).then(|| &after[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        simple_commands(line).iter().map(|command| command.words.join(" ")).collect()
    }

    #[rstest]
    #[case("cd a && go test ./... 2>&1 | tail -5", &["cd a", "go test ./...", "tail -5"])]
    #[case("echo 'a && b' \"c; d\" # go test", &["echo a && b c; d"])]
    #[case("(cd x; make test) || true", &["cd x", "make test", "true"])]
    #[case("a > out.txt 2> err & b &> all", &["a", "b"])]
    #[case("git commit -m \"$(cat <<'EOF'\ngo test; it's\nEOF\n)\" && git push", &["git commit -m $(cat <<'EOF'\n)", "git push"])]
    #[case("cat <<EOF\nnever ends", &["cat", "never ends"])]
    #[case("a \\\n b", &["a b"])]
    #[case("", &[])]
    fn lines_are_taken_apart(#[case] line: &str, #[case] expected: &[&str]) {
        assert_eq!(words(line), expected);
    }

    #[rstest]
    #[case("x", 0, true, true)]
    #[case("cd a && x && echo ok", 1, true, true)]
    #[case("lint && x", 1, true, false)]
    #[case("lint; x", 1, true, true)]
    #[case("x; echo ok", 0, false, false)]
    #[case("x | tail", 0, false, false)]
    #[case("x || true", 0, false, false)]
    #[case("y || x", 1, false, false)]
    #[case("x && y", 0, true, false)]
    #[case("(x) || true", 0, false, false)]
    #[case("x &", 0, false, true)]
    #[case("! x", 0, false, false)]
    #[case("if ! x", 0, false, false)]
    #[case("! y | x", 1, false, false)]
    #[case("! (cd a && x)", 2, false, false)]
    #[case("! y && x", 1, true, false)]
    fn what_a_status_tells(#[case] line: &str, #[case] at: usize, #[case] done: bool, #[case] error: bool) {
        let commands = simple_commands(line);
        assert_eq!((done_tells(&commands, at), error_tells(&commands, at)), (done, error));
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in "[ab '\"\\\\|&;()<>#\n$E]{0,30}") {
            let commands = simple_commands(&line);
            for at in 0..commands.len() {
                prop_assert!(!commands[at].words.is_empty());
                let _ = (done_tells(&commands, at), error_tells(&commands, at));
            }
        }
    }
}
