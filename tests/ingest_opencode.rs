//! OpenCode: a synthetic database of the shape that the program keeps, and the older tree of JSON files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail and may say so")]
#![expect(clippy::needless_pass_by_value, reason = "values are written where they are passed on")]

mod reading;

use std::path::Path;

use assize::ingest::{read, survey};
use assize::session::{ActionStatus, Format, Note, PromptKind, ReplyKind, Scope, Session, Step};
use reading::{Ingested, KEY, ingest};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

/// 2026-05-04T10:00:00Z in milliseconds.
const START: i64 = 1_777_888_800_000;

/// A session with its messages and their parts, in the shape of the JSON tree.
struct Written {
    info: Value,
    messages: Vec<(Value, Vec<Value>)>,
}

fn session(id: &str, parent: Option<&str>, second: i64) -> Written {
    let info = json!({
        "id": id, "parentID": parent, "directory": "/home/ana/loom", "version": "1.1.0", "title": "Weaving",
        "time": {"created": START + second * 1000, "updated": START + second * 1000},
    });
    Written { info, messages: Vec::new() }
}

impl Written {
    fn id(&self) -> String {
        self.info["id"].as_str().unwrap().to_owned()
    }

    /// Adds a message `seconds` after the start, with parts.
    fn message(mut self, seconds: i64, mut fields: Value, parts: Vec<Value>) -> Self {
        let number = self.messages.len();
        let id = format!("msg_{}_{number}", self.id());
        fields["id"] = json!(id);
        fields["sessionID"] = json!(self.id());
        fields["time"]["created"] = json!(START + seconds * 1000);
        let part = |(at, mut part): (usize, Value)| {
            part["id"] = json!(format!("prt_{}_{number}_{at}", self.id()));
            part["sessionID"] = json!(self.id());
            part["messageID"] = json!(id);
            part
        };
        let parts = parts.into_iter().enumerate().map(part).collect();
        self.messages.push((fields, parts));
        self
    }

    fn user(self, seconds: i64, text: &str) -> Self {
        self.message(seconds, json!({"role": "user", "agent": "build"}), vec![json!({"type": "text", "text": text})])
    }

    fn answer(self, seconds: i64, parts: Vec<Value>) -> Self {
        let fields = json!({
            "role": "assistant", "modelID": "weaver-2", "providerID": "loom", "agent": "build",
            "time": {"completed": START + seconds * 1000 + 500},
            "tokens": {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 30, "write": 4}},
        });
        self.message(seconds, fields, parts)
    }
}

fn tool(id: &str, tool: &str, state: Value) -> Value {
    json!({"type": "tool", "callID": id, "tool": tool, "state": state})
}

fn done(input: Value, output: &str, metadata: Value) -> Value {
    json!({"status": "completed", "input": input, "output": output, "metadata": metadata, "title": "",
        "time": {"start": START + 3000, "end": START + 4000}})
}

fn refused(feedback: &str) -> Value {
    let error = "The user rejected permission to use this specific tool call";
    json!({"status": "error", "input": {}, "error": format!("{error} with the following feedback: {feedback}"),
        "time": {"start": START, "end": START}})
}

/// One session with every trap, and its subagents.
fn weaving() -> Vec<Written> {
    let compaction =
        json!({"role": "assistant", "summary": true, "modelID": "weaver-2", "tokens": {"input": 1, "output": 1}});
    let aborted = json!({"role": "assistant", "modelID": "weaver-2", "error": {"name": "MessageAbortedError", "data": {"message": "Aborted"}}});
    let main = session("ses_a", None, 0)
        .message(1, json!({"role": "user"}), vec![
            json!({"type": "text", "text": "weave a scarf from @wool.txt"}),
            json!({"type": "text", "text": "Called the Read tool", "synthetic": true}),
            json!({"type": "file", "mime": "text/plain", "filename": "wool.txt", "url": "file:///w"}),
        ])
        .answer(2, vec![
            json!({"type": "step-start"}),
            json!({"type": "reasoning", "text": "Wool first."}),
            json!({"type": "text", "text": "On it."}),
            tool("c1", "bash", done(json!({"command": "cargo test"}), "2 failed", json!({"exit": 101}))),
            tool("c2", "edit", refused("use the blue one")),
            tool("c3", "question", done(json!({}), "answered", json!({"answers": [["red"]]}))),
            tool("c4", "task", done(json!({"prompt": "dye"}), "dyed", json!({"sessionId": "ses_b"}))),
            json!({"type": "step-finish", "tokens": {"input": 7, "output": 3, "reasoning": 1, "cache": {"read": 2, "write": 0}}}),
            json!({"type": "step-start"}),
            json!({"type": "step-finish", "tokens": {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 30, "write": 4}}}),
            json!({"type": "brand-new"}),
        ])
        .message(2, json!({"role": "user"}), vec![json!({"type": "text", "text": "and oil it"})])
        .message(5, json!({"role": "user"}), vec![json!({"type": "compaction", "auto": true})])
        .message(6, compaction, vec![json!({"type": "text", "text": "We wove."})])
        .message(7, json!({"role": "user"}), vec![
            json!({"type": "text", "text": "The following tool was executed by the user", "synthetic": true}),
        ])
        .message(7, json!({"role": "assistant", "parentID": "msg_ses_a_5"}), vec![tool("s1", "bash", done(json!({"command": "ls"}), "x", json!({})))])
        .user(8, "now dye it")
        .message(9, aborted, vec![json!({"type": "text", "text": "Dy"})])
        .user(10, "no, spin it")
        .answer(11, vec![json!({"type": "text", "text": "Spun."})]);
    let mut main = main;
    // The last prompt was undone.
    main.info["revert"] = json!({"messageID": "msg_ses_a_9"});
    let child = session("ses_b", Some("ses_a"), 3)
        .user(3, "dye")
        .answer(3, vec![tool("d1", "bash", done(json!({}), "", json!({})))]);
    let grandchild = session("ses_c", Some("ses_b"), 3)
        .user(3, "mix")
        .answer(3, vec![tool("d2", "read", done(json!({}), "", json!({})))]);
    // Begins with a copy of the first, from before it began.
    let fork = session("ses_d", None, 20).user(1, "weave a scarf from @wool.txt").user(21, "weave a hat instead");
    let orphan = session("ses_e", Some("ses_gone"), 30)
        .user(31, "knit")
        .answer(32, vec![json!({"type": "text", "text": "Knit."})]);
    vec![main, child, grandchild, fork, orphan]
}

/// Writes sessions as a database; the connection keeps its log.
fn database(path: &Path, sessions: &[Written]) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, slug TEXT, directory TEXT NOT NULL, title TEXT, version TEXT,
                share_url TEXT, revert TEXT, time_created INTEGER, time_updated INTEGER);
             CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
             CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER,
                time_updated INTEGER, data TEXT NOT NULL);",
        )
        .unwrap();
    for session in sessions {
        let (info, text) = (&session.info, |key: &str| session.info[key].as_str().map(str::to_owned));
        let revert = info.get("revert").map(ToString::to_string);
        let created = info["time"]["created"].as_i64();
        connection
            .execute(
                "INSERT INTO session VALUES (?1, ?2, 'quiet-loom', ?3, ?4, ?5, NULL, ?6, ?7, ?7)",
                params![
                    text("id"),
                    text("parentID"),
                    text("directory"),
                    text("title"),
                    text("version"),
                    revert,
                    created
                ],
            )
            .unwrap();
        for (message, parts) in &session.messages {
            let row = |value: &Value| {
                let mut value = value.clone();
                let fields = value.as_object_mut().unwrap();
                let id = fields.remove("id").unwrap().as_str().unwrap().to_owned();
                for key in ["sessionID", "messageID"] {
                    fields.remove(key);
                }
                (id, value.to_string())
            };
            let (id, data) = row(message);
            let created = message["time"]["created"].as_i64();
            connection
                .execute("INSERT INTO message VALUES (?1, ?2, ?3, ?3, ?4)", params![id, session.id(), created, data])
                .unwrap();
            for part in parts {
                let (part, data) = row(part);
                connection
                    .execute(
                        "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
                        params![part, id, session.id(), created, data],
                    )
                    .unwrap();
            }
        }
    }
    connection
}

/// Writes sessions as the older tree of JSON files.
fn tree(folder: &Path, sessions: &[Written]) {
    let write = |name: String, value: &Value| {
        let path = folder.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, serde_json::to_string_pretty(value).unwrap()).unwrap();
    };
    for session in sessions {
        let id = session.id();
        write(format!("storage/session/global/{id}.json"), &session.info);
        for (message, parts) in &session.messages {
            let message_id = message["id"].as_str().unwrap();
            write(format!("storage/message/{id}/{message_id}.json"), message);
            for part in parts {
                write(format!("storage/part/{message_id}/{}.json", part["id"].as_str().unwrap()), part);
            }
        }
    }
}

fn prompts(session: &Session) -> Vec<(PromptKind, &str)> {
    session.turns.iter().map(|turn| (turn.kind, turn.prompt.as_str())).collect()
}

/// What every way of storing the same sessions has to give.
fn check(sessions: &[Session]) {
    let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(ids, ["ses_a", "ses_d", "ses_e"]);
    let [main, fork, orphan] = sessions else { panic!() };
    assert_eq!((main.format, main.scope), (Format::OpenCode, Scope::Unknown));
    assert_eq!((main.project.as_deref(), main.person.is_some()), (Some("loom"), true));
    let expected = [
        (PromptKind::Typed, "weave a scarf from @wool.txt"),
        (PromptKind::Queued, "and oil it"),
        (PromptKind::Typed, "now dye it"),
    ];
    assert_eq!(prompts(main), expected);
    let calls: Vec<_> = main.actions().map(|action| (action.tool.as_str(), action.status)).collect();
    let (done, error) = (ActionStatus::Done, ActionStatus::Error);
    assert_eq!(calls, [("bash", error), ("edit", ActionStatus::Refused), ("question", done), ("task", done)]);
    let replies: Vec<_> = main.actions().filter_map(|action| action.reply.as_ref()).collect();
    let replies: Vec<_> = replies.iter().map(|reply| (reply.kind, reply.text.as_str())).collect();
    assert_eq!(replies, [(ReplyKind::Refused, "use the blue one"), (ReplyKind::Answered, "red")]);
    assert_eq!(main.subagent_actions, 2, "of the child and of its child");
    for note in [Note::HumanShell("ls".to_owned()), Note::Compacted("We wove.".to_owned()), Note::Interrupted] {
        assert!(main.steps().any(|step| *step == Step::Note(note.clone())), "{note:?}");
    }
    assert_eq!(main.losses.unknown_records.keys().collect::<Vec<_>>(), ["part brand-new"]);
    assert_eq!(main.losses.excluded_prompts.keys().collect::<Vec<_>>(), ["compaction", "human-shell"]);
    let undone = &main.dead_branches[0];
    assert_eq!((undone.after, undone.turns[0].prompt.as_str()), (3, "no, spin it"));
    // Two steps of the first answer, then the summary; nothing of what was undone.
    assert_eq!(main.turns[0].tokens.output, 4 + 7);
    assert_eq!((main.turns[0].tokens.input, main.turns[0].tokens.cache_read, main.turns[0].model_calls), (17, 32, 2));
    assert_eq!((main.model_calls, main.tokens.output), (4, 11 + 1));
    assert_eq!(main.turns[0].at.as_deref(), Some("2026-05-04T10:00:01.000Z"));
    assert_eq!(main.turns[0].ended_at.as_deref(), Some("2026-05-04T10:00:04.000Z"));
    assert_eq!((prompts(fork), fork.losses.duplicate_records), (vec![(PromptKind::Typed, "weave a hat instead")], 2));
    assert_eq!((orphan.scope, orphan.scope_rule.as_str()), (Scope::Headless, "subagent without its session"));
}

#[test]
fn a_database_is_read_with_its_log_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opencode.db");
    let connection = database(&path, &weaving());
    let state = || {
        let entries = fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries.map(|entry| (entry.file_name(), fs_err::read(entry.path()).unwrap())).collect();
        // The shared memory holds the marks of readers.
        files.retain(|(name, _)| !name.to_string_lossy().ends_with("-shm"));
        files.sort();
        files
    };
    let before = state();
    assert!(before.iter().any(|(name, log)| name.to_string_lossy().ends_with("-wal") && !log.is_empty()), "a log");
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    check(&sessions);
    assert_eq!((tally.bad.len(), sessions[0].file.as_str()), (0, "opencode.db#ses_a"));
    assert_eq!(before, state());
    connection.execute("UPDATE session SET title = 'still writable'", []).unwrap();

    // Without its program: the log beside a database is read too, with and without the shared memory.
    let copied = tempfile::tempdir().unwrap();
    for name in ["opencode.db", "opencode.db-wal"] {
        fs_err::copy(folder.path().join(name), copied.path().join(name)).unwrap();
    }
    check(&ingest(copied.path()).sessions);
    assert_eq!(fs_err::read_dir(copied.path()).unwrap().count(), 2, "nothing was put beside it");
    fs_err::copy(folder.path().join("opencode.db-shm"), copied.path().join("opencode.db-shm")).unwrap();
    check(&ingest(copied.path()).sessions);

    // After a clean end there is no log.
    drop(connection);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    check(&ingest(folder.path()).sessions);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_older_tree_is_read_and_never_counted_beside_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = weaving();
    tree(folder.path(), &sessions);
    let Ingested { sessions: found, tally, .. } = ingest(folder.path());
    check(&found);
    assert_eq!(tally.bad, vec![]);
    let files = tally.merged_files;
    drop(database(&folder.path().join("opencode.db"), &sessions));
    let Ingested { sessions: found, tally, .. } = ingest(folder.path());
    check(&found);
    // All files of the tree now, instead of all but one a session.
    assert_eq!(tally.merged_files, files + 3);
    assert!(found.iter().all(|session| session.file.starts_with("opencode.db#")));
}

#[test]
fn an_export_is_one_session() {
    let folder = tempfile::tempdir().unwrap();
    let main = weaving().remove(3);
    let messages: Vec<_> = main.messages.iter().map(|(info, parts)| json!({"info": info, "parts": parts})).collect();
    let export = json!({"info": main.info, "messages": messages});
    fs_err::write(folder.path().join("pretty.json"), serde_json::to_string_pretty(&export).unwrap()).unwrap();
    fs_err::write(folder.path().join("plain.json"), export.to_string()).unwrap();
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), sessions[0].turns.len(), tally.merged_files), (1, 1, 1));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database(&folder.path().join("opencode.db"), &weaving());
    connection.execute("UPDATE part SET data = '{\"type\": \"te' WHERE id = 'prt_ses_a_1_2'", []).unwrap();
    drop(connection);
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), sessions[0].actions().count()), (3, 4));
    assert_eq!(tally.bad[0].reason, "1 records are not valid JSON");
    assert_eq!(sessions[0].losses.unknown_records["record that is not valid JSON"], 1);

    let tree_of = tempfile::tempdir().unwrap();
    tree(tree_of.path(), &weaving());
    let part = tree_of.path().join("storage/part/msg_ses_a_1/prt_ses_a_1_2.json");
    let whole = fs_err::read(&part).unwrap();
    fs_err::write(&part, &whole[..whole.len() / 2]).unwrap();
    let Ingested { sessions, tally, .. } = ingest(tree_of.path());
    assert_eq!((sessions.len(), tally.bad.len(), tally.bad[0].reason.as_str()), (3, 1, "not valid JSON"));

    // A database cut anywhere loses itself at most.
    let whole = fs_err::read(folder.path().join("opencode.db")).unwrap();
    let cut = tempfile::tempdir().unwrap();
    for share in [3, 10, 25, 50, 75, 99] {
        fs_err::write(cut.path().join("opencode.db"), &whole[..whole.len() * share / 100]).unwrap();
        let found = survey(&[cut.path().to_owned()]).unwrap();
        let lost = found.groups.iter().map(|group| read(group, &KEY)).filter(|reading| !reading.tally.bad.is_empty());
        assert!(!found.bad.is_empty() || lost.count() > 0, "{share} %");
    }
}

#[test]
fn a_damaged_row_loses_no_other_session() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database(&folder.path().join("opencode.db"), &weaving());
    connection.execute("UPDATE message SET id = CAST(X'ff' AS BLOB) WHERE id = 'msg_ses_a_1'", []).unwrap();
    drop(connection);
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), tally.bad.len(), tally.bad[0].file.as_str()), (2, 1, "opencode.db#ses_a"));
}

#[test]
fn what_each_program_added_in_turn_counts() {
    let folder = tempfile::tempdir().unwrap();
    let older = session("ses_1", None, 0).user(1, "weave").answer(2, Vec::new()).user(21, "cut").answer(22, Vec::new());
    let connection = database(&folder.path().join("opencode.db"), &[older]);
    // The title of the first message is written again much later.
    connection.execute("UPDATE message SET time_updated = ?1 WHERE id = 'msg_ses_1_0'", [START + 99_000]).unwrap();
    connection
        .execute_batch("CREATE TABLE session_message (id TEXT, session_id TEXT, type TEXT, seq INTEGER, time_created INTEGER, data TEXT);")
        .unwrap();
    let rows = [("copy", 1000, "weave"), ("new", 11_000, "dye"), ("copy-2", 21_007, "cut"), ("last", 31_000, "sell")];
    for (seq, (id, after, text)) in (0_i64..).zip(rows) {
        let data = json!({"text": text, "time": {"created": START + after}}).to_string();
        let row = params![id, seq, START + after, data];
        connection.execute("INSERT INTO session_message VALUES (?1, 'ses_1', 'user', ?2, ?3, ?4)", row).unwrap();
    }
    drop(connection);
    let Ingested { sessions, .. } = ingest(folder.path());
    let [session] = sessions.as_slice() else { panic!() };
    let asked: Vec<&str> = prompts(session).into_iter().map(|(_, text)| text).collect();
    assert_eq!((asked, session.losses.duplicate_records), (vec!["weave", "dye", "cut", "sell"], 2));
}

#[test]
fn damaged_rows_of_opencode_2_are_counted_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("opencode.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE session_v2 (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT NOT NULL, time_created INTEGER);
             CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT, seq INTEGER, time_created INTEGER, data TEXT);
             INSERT INTO session_v2 VALUES ('ses_1', NULL, '/home/ana/loom', 1777888800000);",
        )
        .unwrap();
    let answer = json!({"content": [{"type": "text", "text": "On it."}, 7, {"type": "tool", "state": "odd"}, {"type": "brand-new"}],
        "time": {"created": START + 2000}, "model": "weaver", "error": [], "tokens": 3});
    let rows = [
        ("user", json!({"text": "weave a scarf", "time": {"created": START}, "files": "odd"}).to_string()),
        ("assistant", answer.to_string()),
        ("assistant", "{\"content\": [{\"type\": \"te".to_owned()),
        ("assistant", "[]".to_owned()),
        ("user", json!({"text": "now dye it", "time": "today"}).to_string()),
        ("", "{}".to_owned()),
    ];
    for (at, (kind, data)) in rows.iter().enumerate() {
        let row = params![format!("msg_{at}"), kind, i64::try_from(at).unwrap(), data];
        connection.execute("INSERT INTO session_message VALUES (?1, 'ses_1', ?2, ?3, ?3, ?4)", row).unwrap();
    }
    drop(connection);
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    let [session] = sessions.as_slice() else { panic!() };
    assert_eq!(prompts(session), [(PromptKind::Typed, "weave a scarf"), (PromptKind::Typed, "now dye it")]);
    assert_eq!(session.actions().map(|action| action.status).collect::<Vec<_>>(), [ActionStatus::Missing]);
    assert_eq!(
        (tally.bad[0].file.as_str(), tally.bad[0].reason.as_str()),
        ("opencode.db#ses_1", "2 records are not valid JSON")
    );
    let unknown: Vec<_> = session.losses.unknown_records.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let expected = [("part ", 1), ("part brand-new", 1), ("record that is not valid JSON", 2), ("role missing", 1)];
    assert_eq!(unknown, expected);
}

#[test]
fn databases_of_other_programs_are_no_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("other.db")).unwrap();
    let tables = "CREATE TABLE session (id TEXT, parent_id TEXT, directory TEXT); CREATE TABLE message (id TEXT);
        CREATE TABLE session_v2 (id TEXT); CREATE TABLE session_message (id TEXT, session_id TEXT)";
    connection.execute_batch(tables).unwrap();
    let Ingested { sessions, skipped, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), skipped.get("database of another kind")), (0, Some(&1)));
}
