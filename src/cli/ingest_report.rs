//! How `assize ingest` prints its report.

use std::collections::BTreeMap;

use crate::corpus::{IngestReport, counted_scope};

use super::printer::table;

/// Versions named before the others are only counted.
const VERSIONS: usize = 4;

/// The report for people: one section a question, empty ones left out.
pub(super) fn describe(report: &IngestReport) -> String {
    let bad = report.bad_files.iter().map(|bad| {
        let lines = if bad.lines.is_empty() { String::new() } else { format!(":{}", ranges(&bad.lines)) };
        format!("{}{lines}: {}", bad.file, bad.reason)
    });
    let sections = [
        heading(report),
        section("this ingest", "files", this_ingest(report)),
        scopes(report),
        formats(report),
        section("joined and left out", "count", handled(report)),
        section("files without a session", "files", of(&report.skipped_files)),
        section("files dropped", "count", of(&report.dropped_files)),
        section("in the user's place, not a human prompt", "records", of(&report.excluded_prompts)),
        section("record types not known", "records", of(&report.unknown_records)),
        section("masked", "count", of(&report.scrubbed)),
        std::iter::once("not read".to_owned()).chain(bad).collect::<Vec<_>>().join("\n"),
    ];
    let shown = sections.len() - usize::from(report.bad_files.is_empty());
    sections.into_iter().take(shown).filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Every count in two columns.
pub(super) fn rows(report: &IngestReport) -> Vec<Vec<String>> {
    let totals = [
        ("files", report.files),
        ("sessions", report.sessions),
        ("sessions counted", report.counted_sessions()),
        ("persons", report.persons),
        ("human prompts", report.prompts),
        ("tool calls", report.actions),
        ("lines", report.lines),
        ("unreadable lines", report.bad_lines),
    ];
    let totals = totals.map(|(what, count)| vec![what.to_owned(), count.to_string()]);
    let kinds = |group: &'static str, counts: &BTreeMap<String, u64>| {
        of(counts)
            .into_iter()
            .map(|(kind, count)| vec![format!("{group}: {kind}"), count.to_string()])
            .collect::<Vec<_>>()
    };
    let named = |group: &'static str, counts: Vec<(String, u64)>| {
        let row = |(what, count): (String, u64)| vec![format!("{group}{what}"), count.to_string()];
        counts.into_iter().map(row).collect::<Vec<_>>()
    };
    let nested = |group: &str, counts: &BTreeMap<String, BTreeMap<String, u64>>| {
        let row = |(outer, (inner, count)): (&String, (&String, &u64))| {
            vec![format!("{group}: {outer}: {inner}"), count.to_string()]
        };
        counts
            .iter()
            .flat_map(|(outer, inner)| inner.iter().map(move |inner| (outer, inner)))
            .map(row)
            .collect::<Vec<_>>()
    };
    [
        totals.to_vec(),
        named("", handled(report)),
        named("this ingest: ", this_ingest(report)),
        kinds("scope", &report.scopes),
        nested("scope rule", &report.scope_rules),
        kinds("format", &report.formats),
        nested("agent version", &report.agent_versions),
        kinds("file without session", &report.skipped_files),
        kinds("file dropped", &report.dropped_files),
        kinds("not a human prompt", &report.excluded_prompts),
        kinds("unknown record", &report.unknown_records),
        kinds("masked", &report.scrubbed),
    ]
    .concat()
}

fn heading(report: &IngestReport) -> String {
    let counts = [
        (report.sessions, "sessions"),
        (report.persons, "persons"),
        (report.prompts, "human prompts"),
        (report.actions, "tool calls"),
    ];
    let counts = counts.map(|(count, what)| format!("{count} {what}")).join(", ");
    format!(
        "{counts}\nfrom {} files with {} lines, {} of them unreadable",
        report.files, report.lines, report.bad_lines
    )
}

fn this_ingest(report: &IngestReport) -> Vec<(String, u64)> {
    let this = report.this_ingest.unwrap_or_default();
    let counts = [
        ("opened", this.read_files),
        ("new", this.new),
        ("changed", this.changed),
        ("unchanged", this.unchanged),
        ("gone, their sessions stay", this.gone),
        ("elsewhere or left out, their sessions stay", this.elsewhere),
    ];
    counts.map(|(what, count)| (what.to_owned(), count)).to_vec()
}

fn handled(report: &IngestReport) -> Vec<(String, u64)> {
    let counts = [
        ("files merged into another's session", report.merged_files),
        ("sessions split from another's file", report.split_sessions),
        ("duplicate records", report.duplicate_records),
        ("records of rewound attempts", report.abandoned_records),
        ("repaired lines", report.repaired_lines),
        ("sessions not updated, part of their files is gone", report.frozen_sessions),
        ("sessions read by an older version, their files are gone", report.older_reader_sessions),
    ];
    counts.map(|(what, count)| (what.to_owned(), count)).to_vec()
}

/// Sessions by scope and rule, those that are counted first.
fn scopes(report: &IngestReport) -> String {
    let share = |count: u64| format!("{:.1} %", 100.0 * count as f64 / report.sessions.max(1) as f64);
    let mut rows = Vec::new();
    for (scope, rules) in &report.scope_rules {
        for (rule, count) in rules {
            let counted = counted_scope(scope);
            rows.push((!counted, scope, u64::MAX - count, rule, *count));
        }
    }
    rows.sort();
    let row = |(excluded, scope, _, rule, count): (bool, &String, u64, &String, u64)| {
        let counted = if excluded { "no" } else { "yes" };
        vec![scope.clone(), counted.to_owned(), count.to_string(), share(count), rule.clone()]
    };
    table(&["scope", "counted", "sessions", "share", "decided by"], &rows.into_iter().map(row).collect::<Vec<_>>())
}

fn formats(report: &IngestReport) -> String {
    let row = |(format, count): (&String, &u64)| {
        let mut versions: Vec<_> = report.agent_versions.get(format).into_iter().flatten().collect();
        versions.sort_by_key(|(version, count)| (u64::MAX - **count, *version));
        let more = versions.len().saturating_sub(VERSIONS);
        let named = versions.iter().take(VERSIONS).map(|(version, count)| format!("v{version} ({count})"));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        vec![format.clone(), count.to_string(), format!("{named}{more}")]
    };
    table(&["format", "sessions", "agent versions (sessions)"], &report.formats.iter().map(row).collect::<Vec<_>>())
}

fn of(counts: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    counts.iter().map(|(kind, count)| (kind.clone(), *count)).collect()
}

/// Counts that are not zero, as a table.
fn section(what: &str, count: &str, counts: Vec<(String, u64)>) -> String {
    let rows: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    let rows: Vec<_> = rows.into_iter().map(|(what, count)| vec![what, count.to_string()]).collect();
    if rows.is_empty() { String::new() } else { table(&[what, count], &rows) }
}

/// Line numbers with neighbours drawn together: `3,7-9`.
fn ranges(lines: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    let text = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::BadFile;

    #[test]
    fn neighbouring_lines_are_drawn_together() {
        assert_eq!(ranges(&[3, 7, 8, 9, 12]), "3,7-9,12");
    }

    #[test]
    fn only_what_there_is_is_shown() {
        let rules = |rule: &str, count| BTreeMap::from([(rule.to_owned(), count)]);
        let report = IngestReport {
            sessions: 4,
            scopes: BTreeMap::from([("sdk".to_owned(), 1), ("unknown".to_owned(), 3)]),
            scope_rules: BTreeMap::from([
                ("sdk".to_owned(), rules("entrypoint sdk-ts", 1)),
                ("unknown".to_owned(), rules("no entrypoint", 3)),
            ]),
            bad_files: vec![BadFile { file: "a.jsonl".to_owned(), lines: vec![7, 8], reason: "half".to_owned() }],
            ..IngestReport::default()
        };
        let text = describe(&report);
        assert!(!text.contains("masked") && !text.contains("dropped"), "{text}");
        let at = |part: &str| text.find(part).unwrap();
        assert!(
            at("unknown  yes             3  75.0 %  no entrypoint") < at("sdk      no              1  25.0 %"),
            "{text}"
        );
        assert!(text.ends_with("not read\na.jsonl:7-8: half"), "{text}");
    }
}
