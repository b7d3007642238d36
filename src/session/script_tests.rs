//! Scripts and results, made by hand in the shapes that Codex writes.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn commands(script: &str) -> Vec<String> {
    calls(script).into_iter().filter_map(|call| call.command).collect()
}

#[rstest]
#[case(r#"const r = await tools.exec_command({cmd:"say \"hi\"", workdir:"/w"});"#, &["say \"hi\""])]
#[case(r#"await tools.exec_command({"workdir":"/w","cmd":"ls"})"#, &["ls"])]
#[case("tools.exec_command({cmd:'a'}); tools.exec_command({ cmd: `b\nc` })", &["a", "b\nc"])]
#[case("tools.exec_command({cmd:`gh pr create --title ${esc(title)} --body ${esc(`x}`)}`})", &["gh pr create --title ${} --body ${}"])]
#[case("const cmd = 'git push';\nawait tools.exec_command({cmd, workdir: '/w'})", &["git push"])]
#[case("const line = `git push`; tools.exec_command({workdir: w, cmd: line})", &["git push"])]
#[case("text(`${(await tools.exec_command({cmd:'a'})).output}`)", &["a"])]
#[case("cmds.map(cmd => tools.exec_command({cmd}))", &[])]
#[case("tools.exec_command({cmd: 'git commit -m ' + message})", &[])]
#[case("tools.exec_command({env: {cmd: 'git push'}, cmd: 'ls'})", &["ls"])]
#[case("const body = `tools.exec_command({cmd:'git push'})`; text(body)", &[])]
#[case("// tools.exec_command({cmd:'git push'})\n/* tools.exec_command({cmd:'git push'}) */", &[])]
#[case("const esc = s => s.replace(/'/g, '\"'); tools.exec_command({cmd:'a'})", &["a"])]
#[case("tools.exec_command({cmd:'ends never", &[])]
#[case("const cmd = 'git push'\nawait tools.exec_command({cmd})", &["git push"])]
#[case("const r = await tools.exec_command({cmd}); text(r); const cmd = 'git push'", &["git push"])]
#[case("const cmd = 'git push' + ' --dry-run'; tools.exec_command({cmd})", &[])]
#[case("const cmd = 'git push'\n  .concat(' --dry-run'); tools.exec_command({cmd})", &[])]
#[case("let cmd = 'git push'; cmd = 'git status'; tools.exec_command({cmd})", &[])]
#[case("let cmd = 'git push'; cmd += ' --dry-run'; tools.exec_command({cmd})", &[])]
#[case("let cmd = 'git push'; cmd ||= x; tools.exec_command({cmd})", &[])]
#[case("{ const cmd = 'ls'; } { const cmd = 'git push'; tools.exec_command({cmd}) }", &[])]
#[case("const cmd = 'git push'; all.map(cmd => tools.exec_command({cmd}))", &[])]
#[case("const cmd = 'git push'; all.map(async ({cmd}, at) => tools.exec_command({cmd}))", &[])]
#[case("const cmd = 'git push'; for (const cmd of all) tools.exec_command({cmd})", &[])]
#[case("const cmd = 'git push'; if (cmd === x || cmd == x) r.cmd = 'x'; tools.exec_command({cmd})", &["git push"])]
#[case("text(`${await f(`${tools.exec_command({cmd:'a'})}`)} ${tools.exec_command({cmd:'b'})}`); tools.exec_command({cmd:'c'})", &["c", "a", "b"])]
#[case("text(`${x} // }`); tools.exec_command({cmd:'a'})", &["a"])]
#[case("const n = (a / 2) + b; const p = x(/[/\n]/); tools.exec_command({cmd:'a'})", &["a"])]
fn commands_stand_in_literals(#[case] script: &str, #[case] expected: &[&str]) {
    assert_eq!(commands(script), expected);
}

#[test]
fn sessions_and_tools_are_named() {
    let script = "const r = await tools.write_stdin({session_id:57,chars:\"\"}); text(r); tools.forge__create_pull_request({title:'x'})";
    let call = |tool: &str, session: Option<&str>| Call {
        tool: tool.into(),
        session: session.map(Into::into),
        ..Call::default()
    };
    assert_eq!(calls(script), [call("write_stdin", Some("57")), call("forge__create_pull_request", None)]);
    assert_eq!(calls("tools.write_stdin({session_id:id})"), [call("write_stdin", None)]);
    let stops = |chars: &str| calls(&format!("tools.write_stdin({{session_id:57,chars:{chars}}})"))[0].interrupts;
    assert_eq!([r#""\u0003""#, "'\\x03'", "'c'"].map(stops), [true, true, false]);
}

/// The time that no script of this size may take, even in a build for tests on a machine that does other work.
const AT_MOST: Duration = Duration::from_secs(20);

#[rstest]
#[case("`${", "1", "}`", 100_000)]
#[case("`${", "1", "", 100_000)]
#[case("{`${(", "1", "}`", 100_000)]
#[case("`${`}", "", "", 100_000)]
#[case("(/[", "", "", 200_000)]
#[case("tools.exec_command({cmd:", "'a'", "})", 50_000)]
#[case("tools.exec_command({cmd:", "", "", 50_000)]
#[case("tools.exec_command({cmd});", "let cmd = 'a'", "", 50_000)]
#[case("const cmd = 'a';", "", "tools.exec_command({cmd});", 50_000)]
#[case("(a = ", "1", ") => 1", 100_000)]
fn a_script_is_read_in_time_however_it_is_nested(
    #[case] opens: &str,
    #[case] inside: &str,
    #[case] closes: &str,
    #[case] levels: usize,
) {
    let nested = [opens.repeat(levels).as_str(), inside, &closes.repeat(levels)].concat();
    let start = Instant::now();
    assert!(calls(&format!("tools.exec_command({{cmd:{nested}}})")).len() <= levels + 1);
    assert!(start.elapsed() < AT_MOST, "{:?}", start.elapsed());
}

const WHOLE: &str = "tools.exec_command({cmd:'x'}); text(JSON.stringify(r))";

#[test]
fn records_are_taken_apart() {
    let result =
        "Script completed\nOutput:\n\n{\"chunk_id\":\"1\",\"exit_code\":0,\"output\":\"a\\r\\nb\\u00e9 \\\"c\\\"\\n\"}";
    let read = printed(WHOLE, result);
    assert_eq!(read.text, "Script completed\nOutput:\n\na\nbé \"c\"\n\n");
    assert_eq!((read.exit_code, read.sessions), (Some(0), vec![]));
    let goes_on = "{\"chunk_id\":\"1\",\"session_id\":57,\"output\":\"a\"}";
    assert_eq!(printed(WHOLE, goes_on).sessions, ["57"]);
    let several = "[{\"exit_code\":0,\"output\":\"a\"},{\"session_id\":8,\"output\":\"b\"}]";
    let read = printed(WHOLE, several);
    assert_eq!((read.text.as_ref(), read.exit_code, read.sessions), ("a\nb\n", None, vec!["8".to_owned()]));
}

#[test]
fn a_record_that_was_cut_is_read_as_far_as_it_goes() {
    let cut = "Total output lines: 1\n\n{\"session_id\":57,\"output\":\"a\\u00…9 tokens truncated…\\nb\"}";
    let read = printed(WHOLE, cut);
    assert_eq!(read.text, "Total output lines: 1\n\nau00…9 tokens truncated…\nb\n");
    assert_eq!(read.sessions, ["57"]);
}

#[rstest]
#[case("text(r.output); if (r.session_id) text(`SESSION_ID=${r.session_id}`)", "a\nSESSION_ID=57", &["57"])]
#[case("text(`exit:${r.exit_code}\\nsession:${r.session_id}`)", "exit:0\nsession:undefined", &[])]
#[case("text(r.output)", "a\nSESSION_ID=57", &[])]
fn numbers_below_an_output_are_read(#[case] script: &str, #[case] result: &str, #[case] expected: &[&str]) {
    let read = printed(script, result);
    assert_eq!(
        (read.text.as_ref(), read.sessions.as_slice()),
        (result, expected.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice())
    );
}

#[test]
fn what_only_looks_like_a_record_tells_nothing() {
    let result = "{\"exit_code\":0,\"output\":\"a\"}";
    assert_eq!(printed("tools.exec_command({cmd:'cat x'}); text(r.output)", result).exit_code, None);
    assert_eq!(printed(WHOLE, "{\"output\":\"a\"}").text, "{\"output\":\"a\"}");
    assert_eq!(printed(WHOLE, "{} {").text, "{} {");
}

#[rstest]
#[case(
    "Output:\n\n{\"content\":[],\"structuredContent\":{\"body\":\"https://x.invalid/2\",\"url\":\"https://x.invalid/1\"}}",
    Some("https://x.invalid/1")
)]
#[case(
    "{\"structuredContent\":{\"pull_request\":{\"url\":\"https://x.invalid/1\",\"head\":{\"url\":\"https://x.invalid/2\"}}}}",
    Some("https://x.invalid/1")
)]
#[case("{\"isError\":true,\"url\":\"https://x.invalid/1\"}", None)]
#[case("Output:\nhttps://x.invalid/1\n", Some("https://x.invalid/1"))]
#[case("see https://x.invalid/1", None)]
fn addresses_that_tools_give_back(#[case] result: &str, #[case] expected: Option<&str>) {
    assert_eq!(address(result).as_deref(), expected);
}

proptest! {
    #[test]
    fn any_script_is_read(script in "[a`'\"${}()\\\\/\n:,\\[é]{0,20}", result in "[a{}\\[\\]\":,\\\\\nu0é]{0,20}") {
        let script = format!("tools.exec_command({{cmd:{script}");
        let _ = calls(&script);
        let _ = printed(&script, &result);
        let _ = address(&format!("{{\"exit_code\":0,\"output\":\"{result}"));
        let _ = printed(&script, &format!("{{\"exit_code\":0,\"output\":\"{result}"));
    }
}
