//! A local copy of SWE-chat: the agents' own transcripts, and the table that says whose they are. Synthetic, of the same shape.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail and may say so")]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-0000000009{number:02}")
}

/// A transcript as the dataset keeps it: paths redacted, so that they tell no person.
fn transcript(number: usize) -> String {
    let (id, prompt) = (id(number), format!("dye the yarn for cloth {number}"));
    [
        format!(
            r#"{{"type":"user","uuid":"u{number}","sessionId":"{id}","cwd":"/workspace/repo","timestamp":"2026-03-0{number}T10:00:00Z","message":{{"role":"user","content":"{prompt}"}}}}"#
        ),
        format!(
            r#"{{"type":"assistant","uuid":"a{number}","parentUuid":"u{number}","sessionId":"{id}","timestamp":"2026-03-0{number}T10:01:00Z","message":{{"id":"m{number}","role":"assistant","content":[{{"type":"text","text":"Done."}}]}}}}"#
        ),
    ]
    .join("\n")
}

/// Session, repository, user, agent, and share of the agent's lines.
type Row = (usize, &'static str, Option<&'static str>, &'static str, Option<f64>);

const ROWS: [Row; 4] = [
    (1, "weavers/loom", None, "Claude Code", Some(99.5)),
    (2, "weavers/loom", None, "Claude Code", None),
    (3, "dyers/vat", Some("u-31"), "Claude Code", Some(0.0)),
    (9, "dyers/vat", None, "Claude Code", Some(50.0)),
];

fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("swe-chat/transcripts")).unwrap();
    for number in 1..=4 {
        let file = folder.path().join(format!("swe-chat/transcripts/{}.jsonl", id(number)));
        fs_err::write(file, transcript(number)).unwrap();
    }
    folder
}

fn csv() -> String {
    let row = |(number, repository, user, agent, share): (usize, &str, Option<&str>, &str, Option<f64>)| {
        let share = share.map(|share| share.to_string()).unwrap_or_default();
        format!("{},{repository},{},{agent},{share},more\n", id(number), user.unwrap_or_default())
    };
    ROWS.into_iter()
        .map(row)
        .fold("session_id,repo_id,user_id,agent,agent_percentage,extra\n".to_owned(), |all, row| all + &row)
}

fn assize(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).args(arguments).output().unwrap()
}

/// Person, project and share of the agent's lines of every session, in the order of their ids.
fn listed(folder: &Path) -> Vec<(String, String, String)> {
    let output = assize(folder, &["sessions", "corpus", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let columns = reader.headers().unwrap().clone();
    let at = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let [id, person, project, share] = ["id", "person", "project", "agent_percentage"].map(at);
    let mut rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
    rows.sort_by_key(|row| row[id].to_owned());
    rows.iter().map(|row| (row[person].to_owned(), row[project].to_owned(), row[share].to_owned())).collect()
}

fn ingest(folder: &Path) -> Output {
    assize(folder, &["ingest", "swe-chat", "--into", "corpus"])
}

fn is_as_the_table_says(folder: &Path) {
    let rows = listed(folder);
    let [one, two, three, four] = &rows[..] else { panic!("{rows:?}") };
    assert!(one.0.starts_with("p_") && one.0 == two.0 && three.0.starts_with("p_") && three.0 != one.0, "{rows:?}");
    assert_eq!([&one.1, &three.1, &four.1], ["loom", "vat", "repo"]);
    assert_eq!([&one.2, &two.2, &three.2], ["99.50", "", "0.00"]);
    assert_eq!((four.0.as_str(), four.2.as_str()), ("", ""), "it has no row");
}

#[test]
fn the_table_says_whose_the_transcripts_are() {
    let folder = copy();
    let table = folder.path().join("swe-chat/sessions.csv");
    fs_err::write(&table, csv()).unwrap();
    let output = ingest(folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("session table"), "{output:?}");
    is_as_the_table_says(folder.path());
    // Unchanged, nothing is opened; another table is read again, with the sessions that it is about.
    let again = assize(folder.path(), &["ingest", "swe-chat", "--into", "corpus", "--format", "json"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains(r#""read_files": 0"#), "{again:?}");
    fs_err::write(&table, csv().replace("dyers/vat", "dyers/vats")).unwrap();
    assert_eq!(ingest(folder.path()).status.code(), Some(0));
    assert_eq!(listed(folder.path())[2].1, "vats");
}

#[test]
fn a_table_that_cannot_be_read_is_named_and_the_transcripts_are_read_all_the_same() {
    let folder = copy();
    fs_err::write(folder.path().join("swe-chat/sessions.csv"), csv().replace("99.5", "995")).unwrap();
    let output = ingest(folder.path());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("sessions.csv") && said.contains("agent_percentage is 995"), "{said}");
    assert_eq!(listed(folder.path()).len(), 4);
    let strict = assize(folder.path(), &["ingest", "swe-chat", "--into", "other", "--strict"]);
    assert_ne!(strict.status.code(), Some(0));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_a_parquet_table_is_named_with_what_to_do() {
    let folder = copy();
    fs_err::write(folder.path().join("swe-chat/sessions.parquet"), "PAR1").unwrap();
    let output = ingest(folder.path());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("sessions.parquet") && said.contains("--features parquet"), "{said}");
    // The same table as CSV is read in its place.
    fs_err::write(folder.path().join("swe-chat/sessions.csv"), csv()).unwrap();
    assert_eq!(ingest(folder.path()).status.code(), Some(0));
    is_as_the_table_says(folder.path());
}

#[cfg(feature = "parquet")]
#[test]
fn the_table_is_read_as_it_is_published() {
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    type Text<'a> = &'a dyn Fn(usize) -> Option<String>;

    let folder = copy();
    let schema = parse_message_type(
        "message schema { required binary session_id (UTF8); required binary repo_id (UTF8); \
         optional binary user_id (UTF8); required binary agent (UTF8); optional double agent_percentage; }",
    );
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
    let file = fs_err::File::create(folder.path().join("swe-chat/sessions.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema.unwrap()), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |of: Text| -> (Vec<ByteArray>, Vec<i16>) {
        let cells: Vec<_> = (0..ROWS.len()).map(of).collect();
        let levels = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
        (cells.into_iter().flatten().map(|text| ByteArray::from(text.as_str())).collect(), levels)
    };
    let columns: [(bool, Text); 4] = [
        (false, &|at| Some(id(ROWS[at].0))),
        (false, &|at| Some(ROWS[at].1.to_owned())),
        (true, &|at| ROWS[at].2.map(str::to_owned)),
        (false, &|at| Some(ROWS[at].3.to_owned())),
    ];
    for (optional, of) in columns {
        let (cells, levels) = texts(of);
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&cells, optional.then_some(&levels), None).unwrap();
        column.close().unwrap();
    }
    let shares: Vec<f64> = ROWS.iter().filter_map(|row| row.4).collect();
    let levels: Vec<i16> = ROWS.iter().map(|row| i16::from(row.4.is_some())).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&shares, Some(&levels), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let output = ingest(folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    is_as_the_table_says(folder.path());
}
