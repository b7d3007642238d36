//! Scripts of Codex's code mode, which call tools from JavaScript, and what they put out: as far as literals tell.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

/// The tool that runs a command.
pub(super) const COMMAND: &str = "exec_command";

/// A call of `tools.NAME({...})` in a script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// Name of the tool.
    pub tool: String,
    /// The shell command it runs, where a literal gives it; `${}` stands for what is put into it.
    pub command: Option<String>,
    /// The session of a running command that it writes to or waits for.
    pub session: Option<String>,
    /// Whether it writes keys that stop that command.
    pub interrupts: bool,
}

/// The calls of tools in `script`, in order; those inside a template literal come last.
pub(super) fn calls(script: &str) -> Vec<Call> {
    if !script.contains("tools.") {
        return Vec::new();
    }
    let tokens = tokens(script);
    let given = given(&tokens);
    let mut calls: Vec<Call> = Vec::new();
    // The open brackets, and whether each one begins the object that the last call is given.
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match (token, &tokens[at + 1..]) {
            (Token::Sign('{' | '(' | '['), _) => open.push(begins_object(&tokens[..=at]).then(|| calls.len() - 1)),
            (Token::Sign('}' | ')' | ']'), _) => drop(open.pop()),
            (Token::Word(object), [Token::Sign('.'), Token::Word(name), Token::Sign('('), ..]) if object == "tools" => {
                calls.push(Call { tool: name.clone(), ..Call::default() });
            }
            (Token::Word(key) | Token::Text(key), after) => {
                let begins = at > 0 && matches!(tokens[at - 1], Token::Sign('{' | ','));
                let call = open.last().copied().flatten().filter(|_| begins).and_then(|call| calls.get_mut(call));
                let Some(call) = call else { continue };
                // Only a value that is nothing but a literal or a name is known.
                match after {
                    [Token::Sign(':'), value, Token::Sign(',' | '}'), ..] => call.field(key, value, &given),
                    [Token::Sign(',' | '}'), ..] if matches!(token, Token::Word(_)) => call.field(key, token, &given),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    calls
}

/// Whether the last of `tokens` begins the object that a call of a tool is given.
fn begins_object(tokens: &[Token]) -> bool {
    let [.., Token::Word(object), Token::Sign('.'), Token::Word(_), Token::Sign('('), Token::Sign('{')] = tokens else {
        return false;
    };
    object == "tools"
}

impl Call {
    /// Takes over the field `key`; a name stands for the literal it was `given`.
    fn field(&mut self, key: &str, value: &Token, given: &HashMap<&str, Option<&str>>) {
        match (key, value) {
            ("cmd" | "command", Token::Text(command)) => self.command = Some(command.clone()),
            ("cmd" | "command", Token::Word(name)) => {
                self.command = given.get(name.as_str()).copied().flatten().map(str::to_owned);
            }
            ("chars", Token::Text(chars)) => self.interrupts = interrupts(chars),
            ("session_id", Token::Text(session) | Token::Word(session)) => {
                // Not the name of a variable.
                self.session =
                    Some(session.clone()).filter(|session| session.starts_with(|c: char| c.is_ascii_digit()));
            }
            _ => {}
        }
    }
}

/// Whether keys that are written to a command stop it.
pub(super) fn interrupts(chars: &str) -> bool {
    chars.contains('\u{3}')
}

/// The names that a script gives values to, each with its literal where that is all it is ever given.
fn given(tokens: &[Token]) -> HashMap<&str, Option<&str>> {
    let mut given = HashMap::new();
    // Whether each open bracket holds parameters or a pattern: what follows it tells, so the end comes first.
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate().rev() {
        let (before, after) = (&tokens[..at], &tokens[at + 1..]);
        let name = match token {
            Token::Word(name) => name.as_str(),
            Token::Sign('}' | ')' | ']') => {
                let inside = open.last() == Some(&true);
                open.push(inside || is_arrow(after) || is_assignment(after));
                continue;
            }
            Token::Sign('{' | '(' | '[') => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        let declared =
            matches!(before.last(), Some(Token::Word(word)) if matches!(word.as_str(), "const" | "let" | "var"));
        let bound = declared || open.last() == Some(&true) || is_arrow(after) || is_assignment(after);
        if !bound || before.last() == Some(&Token::Sign('.')) {
            continue;
        }
        let literal = match after {
            [Token::Sign('='), Token::Text(text), rest @ ..] if declared && ends_expression(rest) => {
                Some(text.as_str())
            }
            _ => None,
        };
        given.entry(name).and_modify(|literal| *literal = None).or_insert(literal);
    }
    given
}

fn is_arrow(tokens: &[Token]) -> bool {
    matches!(tokens, [Token::Sign('='), Token::Sign('>'), ..])
}

/// Whether `tokens` begin with `=`, or an operator and `=`, and do not compare.
fn is_assignment(tokens: &[Token]) -> bool {
    let operators =
        tokens.iter().take_while(|token| matches!(token, Token::Sign('+' | '|' | '&' | '?'))).take(2).count();
    matches!(&tokens[operators..], [Token::Sign('='), rest @ ..] if !matches!(rest.first(), Some(Token::Sign('=' | '>'))))
}

/// Whether an expression ends before `tokens`: a word can only begin the next statement, but for words that compare.
fn ends_expression(tokens: &[Token]) -> bool {
    match tokens.first() {
        None | Some(Token::Sign(';' | ',')) => true,
        Some(Token::Word(word)) => !matches!(word.as_str(), "in" | "instanceof"),
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name or number.
    Word(String),
    /// A string or template literal, with its escapes resolved.
    Text(String),
    /// Any other sign.
    Sign(char),
}

/// The code of a script, or code inside a template literal, as far as it is read.
#[derive(Default)]
struct Code {
    tokens: Vec<Token>,
    /// How many braces are open.
    braces: usize,
}

/// The tokens of `script`; code inside a template literal, however deep, stands behind all that is around it.
fn tokens(script: &str) -> Vec<Token> {
    let mut code = Code::default();
    // The code around this code, each with the text so far of the template literal between the two.
    let mut around: Vec<(Code, String)> = Vec::new();
    let mut inner: Vec<Token> = Vec::new();
    // How much of the script stands behind the last line on which a regular expression was looked for in vain.
    let mut divides = None;
    let mut rest = script;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        let (quote, mut text) = match letter {
            '"' | '\'' | '`' => (letter, String::new()),
            '}' if code.braces == 0
                && let Some((outer, text)) = around.pop() =>
            {
                inner.append(&mut std::mem::replace(&mut code, outer).ended());
                ('`', text)
            }
            letter => {
                rest = code.read(letter, rest, &mut divides);
                continue;
            }
        };
        let (after, goes_on) = literal(after, quote, &mut text);
        if goes_on {
            around.push((std::mem::take(&mut code), text));
        } else {
            code.tokens.push(Token::Text(text));
        }
        rest = after;
    }
    while let Some((mut outer, text)) = around.pop() {
        outer.tokens.push(Token::Text(text));
        inner.append(&mut std::mem::replace(&mut code, outer).ended());
    }
    let mut tokens = code.ended();
    tokens.append(&mut inner);
    tokens
}

impl Code {
    /// Reads what begins with `letter` at `text`, which is no literal, and gives what follows it.
    fn read<'t>(&mut self, letter: char, text: &'t str, divides: &mut Option<usize>) -> &'t str {
        let rest = &text[letter.len_utf8()..];
        match letter {
            '/' if rest.starts_with('/') => return rest.find('\n').map_or("", |end| &rest[end..]),
            '/' if rest.starts_with('*') => return rest[1..].find("*/").map_or("", |end| &rest[end + 3..]),
            '/' if begins_pattern(self.tokens.last()) => {
                if divides.is_none_or(|left| rest.len() <= left) {
                    match after_pattern(rest) {
                        Ok(after) => return after,
                        Err(left) => *divides = Some(left),
                    }
                }
                return rest;
            }
            letter if is_name(letter) => {
                let end = text.find(|letter| !is_name(letter)).unwrap_or(text.len());
                self.tokens.push(Token::Word(text[..end].to_owned()));
                return &text[end..];
            }
            letter if letter.is_whitespace() => return rest,
            '{' => self.braces += 1,
            '}' => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.tokens.push(Token::Sign(letter));
        rest
    }

    fn ended(mut self) -> Vec<Token> {
        self.tokens.push(Token::Sign(';'));
        self.tokens
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Whether a slash after `last` begins a regular expression and does not divide.
fn begins_pattern(last: Option<&Token>) -> bool {
    match last {
        Some(Token::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(Token::Word(word)) => word == "return",
        Some(Token::Text(_)) => false,
        None => true,
    }
}

/// What follows a regular expression, whose first slash is read. Where its line ends first, the slash divides: how much of
/// the script is left there.
fn after_pattern(text: &str) -> Result<&str, usize> {
    let mut letters = text.char_indices();
    let mut class = false;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\n' => return Err(text.len() - at),
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return Ok(&text[at + 1..]),
            _ => {}
        }
    }
    Err(0)
}

/// Adds a literal to `plain`, up to `quote` or to code inside a template literal: what follows, and whether it is that code.
fn literal<'t>(text: &'t str, quote: char, plain: &mut String) -> (&'t str, bool) {
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            _ if letter == quote => return (rest, false),
            '\\' => rest = escape(rest, plain),
            '$' if quote == '`' && rest.starts_with('{') => {
                plain.push_str("${}");
                return (&rest[1..], true);
            }
            letter => plain.push(letter),
        }
    }
    (rest, false)
}

/// Resolves the escape whose backslash stands before `text`, and gives what follows it.
fn escape<'t>(text: &'t str, plain: &mut String) -> &'t str {
    let Some(letter) = text.chars().next() else { return text };
    let rest = &text[letter.len_utf8()..];
    let digits = match letter {
        'x' => rest.get(..2),
        'u' => rest.get(..4),
        _ => None,
    };
    if let Some((digits, value)) = digits.and_then(|digits| Some((digits, u32::from_str_radix(digits, 16).ok()?))) {
        plain.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &rest[digits.len()..];
    }
    match letter {
        'n' => plain.push('\n'),
        't' => plain.push('\t'),
        'r' => plain.push('\r'),
        'b' | 'f' | 'v' | '0' | '\n' => {}
        letter => plain.push(letter),
    }
    rest
}

/// What a script put out, taken out of the records in which it wrote the results of its commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Printed<'t> {
    /// The output of the commands, and all that stands around it.
    pub text: Cow<'t, str>,
    /// How the command ended, where there is one record.
    pub exit_code: Option<i64>,
    /// The sessions of commands that go on.
    pub sessions: Vec<String>,
}

/// Reads what `script` put out.
pub(super) fn printed<'t>(script: &str, result: &'t str) -> Printed<'t> {
    let mut text = String::new();
    let mut records = Vec::new();
    let mut taken = 0;
    let starts = result.match_indices('\n').map(|(at, _)| at + 1);
    for at in std::iter::once(0).chain(starts) {
        if at < taken || !result[at..].starts_with(['{', '[']) {
            continue;
        }
        let before = records.len();
        let end = at + read_records(&result[at..], &mut records);
        if records.len() > before {
            text.push_str(&result[taken..at]);
            for record in &records[before..] {
                text.push_str(&record.output);
                text.push('\n');
            }
            taken = end;
        }
    }
    let mut sessions: Vec<String> = records.iter().filter_map(Record::goes_on).collect();
    // A script that does not write whole records often writes the number below the output.
    if records.is_empty() && script.contains("session_id") {
        sessions = written_sessions(result);
    }
    // Whoever prints one part of a result may print anything that looks like a record.
    let told = script.matches(COMMAND).count() <= 1 && !script.contains(".output");
    let exit_code = match records.as_slice() {
        [one] if told => one.exit_code,
        _ => None,
    };
    let text = if records.is_empty() {
        Cow::Borrowed(result)
    } else {
        text.push_str(&result[taken..]);
        Cow::Owned(text.replace("\r\n", "\n"))
    };
    Printed { text, exit_code, sessions }
}

/// The result of one command.
#[derive(Debug)]
struct Record {
    output: String,
    exit_code: Option<i64>,
    session: Option<i64>,
}

impl Record {
    fn goes_on(&self) -> Option<String> {
        self.session.filter(|_| self.exit_code.is_none()).map(|session| session.to_string())
    }
}

/// Keys that stand beside the output in the result of a command.
const BESIDE: [&str; 4] = ["chunk_id", "wall_time_seconds", "exit_code", "session_id"];

/// Adds the results that the JSON at the beginning of `text` holds, and tells where that ends.
fn read_records(text: &str, records: &mut Vec<Record>) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if let Some(Ok(value)) = values.next() {
        collect(&value, records);
        return values.byte_offset();
    }
    // A long output is cut, sometimes in the middle of an escape.
    let line = text.lines().next().unwrap_or_default();
    let Some((head, body)) = line.split_once("\"output\":\"") else { return 0 };
    let number = |key: &str| {
        let (_, after) = head.split_once(&format!("\"{key}\":"))?;
        after.split([',', '}']).next()?.parse().ok()
    };
    if BESIDE.iter().any(|key| head.contains(&format!("\"{key}\":"))) {
        let mut output = String::new();
        literal(body, '"', &mut output);
        records.push(Record { output, exit_code: number("exit_code"), session: number("session_id") });
    }
    line.len()
}

fn collect(value: &Value, records: &mut Vec<Record>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, records)),
        Value::Object(fields) => match fields.get("output").and_then(Value::as_str) {
            Some(output) if BESIDE.iter().any(|key| fields.contains_key(*key)) => {
                let number = |key: &str| fields.get(key).and_then(Value::as_i64);
                let (exit_code, session) = (number("exit_code"), number("session_id"));
                records.push(Record { output: output.to_owned(), exit_code, session });
            }
            _ => fields.values().for_each(|value| collect(value, records)),
        },
        _ => {}
    }
}

/// Numbers on lines of their own that name a session: `SESSION_ID=7`, `session:7`.
fn written_sessions(text: &str) -> Vec<String> {
    let session = |line: &str| {
        let (name, number) = line.trim().rsplit_once(['=', ':'])?;
        let named = name.len() <= 20 && name.to_ascii_lowercase().starts_with("session");
        let number = number.trim();
        (named && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
    };
    text.lines().filter_map(session).collect()
}

/// The address that a tool gave back in `result`: of all objects in it, that of the outermost.
pub(super) fn address(result: &str) -> Option<String> {
    let of_line = |line: &str| {
        let value: Value = serde_json::from_str(line.trim()).ok()?;
        let failed = value.get("isError") == Some(&Value::Bool(true));
        if failed { None } else { outermost(&[&value]) }
    };
    let alone = |line: &str| {
        let line = line.trim();
        (line.starts_with("https://") && !line.contains(char::is_whitespace)).then(|| line.to_owned())
    };
    result.lines().find_map(|line| of_line(line).or_else(|| alone(line)))
}

fn outermost(level: &[&Value]) -> Option<String> {
    let address = |value: &&Value| {
        let named = ["html_url", "url"].iter().find_map(|key| value.get(*key)?.as_str());
        named.filter(|address| address.starts_with("https://")).map(ToOwned::to_owned)
    };
    let below: Vec<&Value> = level.iter().filter_map(|value| value.as_object()).flat_map(|one| one.values()).collect();
    level.iter().find_map(address).or_else(|| if below.is_empty() { None } else { outermost(&below) })
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
