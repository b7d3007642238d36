//! A synthetic corpus of Claude Code files with the mix of records that real ones have (sessions.md 1.2).
//!
//! Shares of bytes follow what was counted in real files: tool results written twice, the second time in structured form
//! (together six tenths), progress lines, signatures, undo backups, images, and little that a person reads.

use std::path::Path;

use serde_json::{Value, json};

/// Persons whose sessions these are.
const PERSONS: [&str; 6] = ["ana", "ben", "chloé", "dmitri", "eun-ji", "farid"];

/// One line in so many names a person.
const PERSONAL: usize = 32;

/// Characters of text from which all passages are cut.
const POOL: usize = 4 << 20;

/// Numbers from a seed: `SplitMix64` (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A length with a long tail: mostly a fraction of `usual`, sometimes many times as much.
    fn length(&mut self, usual: usize) -> usize {
        let scale = [4, 4, 6, 8, 10, 10, 12, 30, 60][self.below(9)];
        usual * scale / 16 + self.below(usual / 4 + 1)
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
        format!("{a:08x}-{b:04x}-4{c:03x}-8{:03x}-{:012x}", low >> 52, low & 0xffff_ffff_ffff)
    }
}

/// Long texts of each kind.
struct Pool {
    prose: String,
    code: String,
    base64: String,
}

impl Pool {
    fn new(random: &mut Random) -> Self {
        let words = [
            "the",
            "parser",
            "drops",
            "rows",
            "when",
            "a",
            "line",
            "ends",
            "early",
            "so",
            "I",
            "will",
            "read",
            "it",
            "again",
            "and",
            "check",
            "tests",
            "before",
            "naïve",
            "größer",
            "설정",
            "→",
            "file",
            "module",
            "request",
            "error",
            "result",
            "of",
            "in",
            "that",
            "should",
            "not",
            "return",
            "value",
            "first",
            "\n\n",
            "**Note**:",
            "`cargo`",
            "config",
        ];
        let lines = [
            "    let value = input.get(\"NAME\").and_then(Value::as_str);",
            "fn NAME(input: &str) -> Result<u32, Error> {",
            "}",
            "",
            "\t\tif err != nil {",
            "\t\t\treturn fmt.Errorf(\"NAME: %w\", err)",
            "    12→export const NAME = () => {",
            "  \"NAME\": \"^4.2.1\",",
            "test NAME::tests::reads_every_line ... ok",
            "drwxr-xr-x 2 root root 4096 .",
            "\u{1b}[32m✓\u{1b}[0m NAME (12 ms)",
            "https://example.com/docs/NAME#usage",
            "commit 4f2a9c1 NAME",
            "<div class=\"NAME\">",
        ];
        let personal = [
            "/home/ana/code/tool/src/NAME.rs:41:7: warning: unused variable: `NAME`",
            "-rw-r--r-- 1 ana staff  4096 Jan 12 10:41 NAME.toml",
            "Author: Ana <ana@example.org>",
            "# NAME: see C:\\Users\\ana\\notes.txt",
        ];
        let mut pool = Self { prose: String::new(), code: String::new(), base64: String::new() };
        while pool.prose.len() < POOL {
            pool.prose.push_str(words[random.below(words.len())]);
            pool.prose.push(' ');
        }
        while pool.code.len() < POOL {
            let name = format!("{}_{:x}", words[random.below(30)], random.below(5000));
            // So often that about as much of a megabyte is masked as of real files: counted there, 86 texts.
            let line = match random.below(PERSONAL) {
                0 => personal[random.below(personal.len())],
                _ => lines[random.below(lines.len())],
            };
            pool.code.push_str(&line.replace("NAME", &name));
            pool.code.push('\n');
        }
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        pool.base64.extend((0..POOL).map(|_| char::from(alphabet[random.below(64)])));
        pool
    }
}

/// A passage of about `length` bytes.
fn cut<'p>(text: &'p str, random: &mut Random, length: usize) -> &'p str {
    let length = length.min(text.len() / 2);
    let start = random.below(text.len() - length);
    let whole = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    &text[whole(start)..whole(start + length)]
}

/// One file as far as it is written.
struct File<'p> {
    random: Random,
    pool: &'p Pool,
    text: String,
    session: String,
    cwd: String,
    parent: Value,
    sidechain: bool,
    seconds: usize,
}

/// Writes about `bytes` of sessions below `folder`, which is made.
pub fn write(folder: &Path, bytes: usize) {
    let mut random = Random(1);
    let pool = Pool::new(&mut random);
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let person = PERSONS[number % PERSONS.len()];
        let project = format!("tool-{}", number % 17);
        let below = folder.join(format!("-home-{person}-code-{project}"));
        let session = random.uuid();
        let mut file = File {
            random: Random(random.next()),
            pool: &pool,
            text: String::new(),
            session: session.clone(),
            cwd: format!("/home/{person}/code/{project}"),
            parent: Value::Null,
            sidechain: false,
            seconds: number * 997,
        };
        // A few short sessions, many of middle size, some of several megabytes.
        for _ in 0..[1, 1, 2, 3, 4, 6, 9, 14][number % 8] {
            file.turn();
        }
        written += file.text.len();
        fs_err::create_dir_all(&below).unwrap();
        fs_err::write(below.join(format!("{session}.jsonl")), &file.text).unwrap();
        if number % 5 == 0 {
            let agent = format!("agent-{number:07x}");
            (file.text, file.parent, file.sidechain) = (String::new(), Value::Null, true);
            file.turn();
            let below = below.join(&session).join("subagents");
            fs_err::create_dir_all(&below).unwrap();
            fs_err::write(below.join(format!("{agent}.jsonl")), &file.text).unwrap();
            written += file.text.len();
        }
        number += 1;
    }
}

impl File<'_> {
    fn prose(&mut self, usual: usize) -> String {
        let length = self.random.length(usual);
        cut(&self.pool.prose, &mut self.random, length).to_owned()
    }

    fn code(&mut self, usual: usize) -> String {
        let length = self.random.length(usual);
        cut(&self.pool.code, &mut self.random, length).to_owned()
    }

    fn base64(&mut self, length: usize) -> String {
        cut(&self.pool.base64, &mut self.random, length).to_owned()
    }

    /// Adds a record of `kind` with `fields` beside those that every record of the chain has.
    fn record(&mut self, kind: &str, fields: Value) {
        self.seconds += 1 + self.random.below(20);
        let uuid = self.random.uuid();
        let (minutes, seconds) = (self.seconds / 60, self.seconds % 60);
        let time = format!(
            "2026-{:02}-{:02}T{:02}:{:02}:{seconds:02}.{:03}Z",
            1 + minutes / 40_320 % 12,
            1 + minutes / 1440 % 28,
            minutes / 60 % 24,
            minutes % 60,
            self.random.below(1000)
        );
        let mut record = json!({
            "parentUuid": self.parent, "isSidechain": self.sidechain, "userType": "external", "cwd": self.cwd,
            "sessionId": self.session, "version": "2.1.50", "gitBranch": "main", "slug": "calm-reading-otter", "type": kind,
        });
        let (Value::Object(record), Value::Object(fields)) = (&mut record, fields) else { return };
        record.extend(fields);
        record.insert("uuid".to_owned(), json!(uuid));
        record.insert("timestamp".to_owned(), json!(time));
        self.text.push_str(&serde_json::to_string(record).unwrap());
        self.text.push('\n');
        self.parent = json!(uuid);
    }

    /// Adds a record outside the chain.
    fn state(&mut self, record: &Value) {
        self.text.push_str(&record.to_string());
        self.text.push('\n');
    }

    fn answer(&mut self, message: &str, block: &Value) {
        let tokens = 1 + self.random.below(900);
        let fields = json!({"requestId": format!("req_{message}"), "message": {
            "model": "claude-opus-4-5-20251101", "id": message, "type": "message", "role": "assistant", "content": [block],
            "stop_reason": null, "stop_sequence": null, "usage": {
                "input_tokens": 3, "cache_creation_input_tokens": 812, "cache_read_input_tokens": 41_220,
                "cache_creation": {"ephemeral_5m_input_tokens": 812, "ephemeral_1h_input_tokens": 0},
                "output_tokens": tokens, "service_tier": "standard"}}});
        self.record("assistant", fields);
    }

    fn turn(&mut self) {
        let prompt = self.prose(300);
        let id = self.random.uuid();
        let backups =
            json!({"src/a.rs": {"backupFileName": "4f2a@v1", "version": 1, "backupTime": "2026-01-01T00:00:00Z"}});
        self.state(&json!({"type": "file-history-snapshot", "messageId": id, "isSnapshotUpdate": false,
            "snapshot": {"messageId": id, "trackedFileBackups": backups}}));
        let mut content = json!(prompt);
        if self.random.chance(6) {
            let data = self.base64(160_000);
            let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}});
            content = json!([{"type": "text", "text": prompt}, image]);
        }
        self.record("user", json!({"message": {"role": "user", "content": content}}));
        if self.random.chance(5) {
            let queued = self.prose(80);
            for (operation, content) in [("enqueue", json!(queued)), ("remove", Value::Null)] {
                self.state(&json!({"type": "queue-operation", "operation": operation, "sessionId": self.session,
                    "timestamp": "2026-01-01T00:00:00.000Z", "content": content}));
            }
        }
        for _ in 0..=self.random.below(40) {
            self.action();
        }
        let (message, text) = (format!("msg_{:016x}", self.random.next()), self.prose(900));
        self.answer(&message, &json!({"type": "text", "text": text}));
        self.record("system", json!({"subtype": "turn_duration", "durationMs": 81_220, "isMeta": false}));
    }

    /// One tool call: what is thought and said before it, progress beside it, and its result.
    fn action(&mut self) {
        let message = format!("msg_{:016x}", self.random.next());
        let tool = format!("toolu_{:016x}", self.random.next());
        if self.random.chance(55) {
            let (thinking, signature) = (self.prose(500), self.base64(1300));
            self.answer(&message, &json!({"type": "thinking", "thinking": thinking, "signature": signature}));
        }
        if self.random.chance(40) {
            let text = self.prose(350);
            self.answer(&message, &json!({"type": "text", "text": text}));
        }
        let (name, input, result, structured) = self.call();
        self.answer(&message, &json!({"type": "tool_use", "id": tool, "name": name, "input": input}));
        for _ in 0..[0, 0, 0, 1, 1, 3][self.random.below(6)] {
            let data =
                json!({"type": "agent_progress", "prompt": "", "agentId": "a1b2c3d", "message": self.code(2200)});
            self.record("progress", json!({"data": data, "toolUseID": tool, "parentToolUseID": tool}));
        }
        if self.random.chance(30) {
            let attachment = json!({"type": "hook_success", "hookName": "PostToolUse", "content": self.prose(700)});
            self.record("attachment", json!({"attachment": attachment}));
        }
        let content = json!([{"tool_use_id": tool, "type": "tool_result", "content": result, "is_error": false}]);
        self.record(
            "user",
            json!({"message": {"role": "user", "content": content}, "toolUseResult": structured,
            "sourceToolAssistantUUID": self.parent}),
        );
    }

    /// Name, input, result, and the result in its structured form.
    fn call(&mut self) -> (&'static str, Value, String, Value) {
        let path = format!("{}/src/part_{}.rs", self.cwd, self.random.below(90));
        match self.random.below(10) {
            0..4 => {
                let commands = [
                    "cargo test --lib",
                    "git status --short",
                    "rg -n 'fn read' src | head -50",
                    "git commit -m 'Read every line'",
                ];
                let command = commands[self.random.below(commands.len())];
                let output = self.code(1500);
                let structured = json!({"stdout": output, "stderr": "", "interrupted": false, "isImage": false});
                ("Bash", json!({"command": command, "description": "Runs it"}), output, structured)
            }
            4..7 => {
                let content = self.code(4200);
                let structured = json!({"type": "text", "file": {"filePath": path, "content": content,
                    "numLines": 120, "startLine": 1, "totalLines": 400}});
                ("Read", json!({"file_path": path, "limit": 120}), content, structured)
            }
            7..9 => {
                let (old, new, whole) = (self.code(500), self.code(700), self.code(18_000));
                let shown = self.code(900);
                let structured = json!({"filePath": path, "oldString": old, "newString": new, "originalFile": whole,
                    "structuredPatch": [{"oldStart": 4, "oldLines": 9, "newStart": 4, "newLines": 12, "lines": [shown]}],
                    "userModified": false, "replaceAll": false});
                let result = format!("The file {path} has been updated:\n{shown}");
                ("Edit", json!({"file_path": path, "old_string": old, "new_string": new}), result, structured)
            }
            _ => {
                let content = self.code(3500);
                let structured = json!({"type": "create", "filePath": path, "content": content, "structuredPatch": []});
                (
                    "Write",
                    json!({"file_path": path, "content": content}),
                    format!("File created at: {path}"),
                    structured,
                )
            }
        }
    }
}
