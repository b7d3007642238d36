//! Scripts of Codex's code mode, which call tools from JavaScript, and what they put out: as far as literals tell.

use std::borrow::Cow;

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
}

/// The calls of tools in `script`, in order; those inside a template literal come last.
pub(super) fn calls(script: &str) -> Vec<Call> {
    if !script.contains("tools.") {
        return Vec::new();
    }
    let tokens = tokens(script);
    let call = |at: usize| match &tokens[at..] {
        [Token::Word(object), Token::Sign('.'), Token::Word(name), Token::Sign('('), rest @ ..]
            if object == "tools" =>
        {
            let mut call = Call { tool: name.clone(), ..Call::default() };
            if rest.first() == Some(&Token::Sign('{')) {
                call.read(&rest[1..], &tokens);
            }
            Some(call)
        }
        _ => None,
    };
    (0..tokens.len()).filter_map(call).collect()
}

impl Call {
    /// Reads the fields of the object that begins with `rest`; names are looked up in `all` tokens of the script.
    fn read(&mut self, rest: &[Token], all: &[Token]) {
        let mut depth = 0_usize;
        let mut starts = true;
        for (at, token) in rest.iter().enumerate() {
            match (token, rest.get(at + 1), rest.get(at + 2), rest.get(at + 3)) {
                (Token::Sign('{' | '(' | '['), ..) => depth += 1,
                (Token::Sign('}' | ')' | ']'), ..) if depth == 0 => return,
                (Token::Sign('}' | ')' | ']'), ..) => depth -= 1,
                // Only a value that is nothing but a literal or a name is known.
                (
                    Token::Word(key) | Token::Text(key),
                    Some(Token::Sign(':')),
                    Some(value),
                    Some(Token::Sign(',' | '}')),
                ) if depth == 0 && starts => {
                    self.field(key, value, all);
                }
                (Token::Word(key), Some(Token::Sign(',' | '}')), ..) if depth == 0 && starts => {
                    self.field(key, token, all);
                }
                _ => {}
            }
            starts = *token == Token::Sign(',');
        }
    }

    fn field(&mut self, key: &str, value: &Token, all: &[Token]) {
        match (key, value) {
            ("cmd" | "command", Token::Text(command)) => self.command = Some(command.clone()),
            ("cmd" | "command", Token::Word(name)) => {
                let given = all.windows(4).find_map(|tokens| match tokens {
                    [Token::Word(_), Token::Word(known), Token::Sign('='), Token::Text(text)] => {
                        (known == name).then_some(text)
                    }
                    _ => None,
                });
                self.command = given.cloned();
            }
            ("session_id", Token::Text(session) | Token::Word(session)) => {
                // Not the name of a variable.
                self.session =
                    Some(session.clone()).filter(|session| session.starts_with(|c: char| c.is_ascii_digit()));
            }
            _ => {}
        }
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

fn tokens(script: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut parts = vec![script.to_owned()];
    while let Some(part) = parts.pop() {
        let mut letters = part.as_str();
        while let Some(letter) = letters.chars().next() {
            let rest = &letters[letter.len_utf8()..];
            letters = match letter {
                '"' | '\'' | '`' => {
                    let (text, rest) = literal(rest, letter, &mut parts);
                    tokens.push(Token::Text(text));
                    rest
                }
                '/' if rest.starts_with('/') => rest.find('\n').map_or("", |end| &rest[end..]),
                '/' if rest.starts_with('*') => rest[1..].find("*/").map_or("", |end| &rest[end + 3..]),
                '/' if begins_pattern(tokens.last()) => after_pattern(rest),
                letter if is_name(letter) => {
                    let end = letters.find(|letter| !is_name(letter)).unwrap_or(letters.len());
                    tokens.push(Token::Word(letters[..end].to_owned()));
                    &letters[end..]
                }
                letter if letter.is_whitespace() => rest,
                letter => {
                    tokens.push(Token::Sign(letter));
                    rest
                }
            };
        }
        tokens.push(Token::Sign(';'));
    }
    tokens
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

/// What follows a regular expression, whose first slash is read; a slash alone on its line divides.
fn after_pattern(text: &str) -> &str {
    let mut letters = text.char_indices();
    let mut class = false;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\n' => return text,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return &text[at + 1..],
            _ => {}
        }
    }
    text
}

/// The text of a literal up to `quote`, and what follows it. Code inside a template literal goes to `code`.
fn literal<'t>(text: &'t str, quote: char, code: &mut Vec<String>) -> (String, &'t str) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            _ if letter == quote => return (plain, rest),
            '\\' => rest = escape(rest, &mut plain),
            '$' if quote == '`' && rest.starts_with('{') => {
                let inner = &rest[1..];
                let end = end_of_code(inner);
                code.push(inner[..end].to_owned());
                rest = inner.get(end + 1..).unwrap_or_default();
                plain.push_str("${}");
            }
            letter => plain.push(letter),
        }
    }
    (plain, rest)
}

/// Where the brace closes that stands before `text`.
fn end_of_code(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        rest = &rest[letter.len_utf8()..];
        match letter {
            '"' | '\'' | '`' => rest = literal(rest, letter, &mut Vec::new()).1,
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
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
        let output = literal(body, '"', &mut Vec::new()).0;
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
