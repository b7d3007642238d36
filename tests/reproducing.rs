//! The commands of docs/reproducing-the-study.md, as they stand there.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

use std::path::Path;
use std::process::Command;

/// What stands between the lines of a fence that begins with `start`.
fn blocks<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = Vec<&'a str>> {
    page.split(start).skip(1).map(|rest| rest.lines().skip(1).take_while(|line| line.trim() != "```").collect())
}

/// The arguments of a command line, with the one pattern resolved that the page uses.
fn arguments(line: &str, folder: &Path) -> Vec<String> {
    let run = || {
        let names = fs_err::read_dir(folder.join("results")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names = names.map(|name| name.into_string().unwrap());
        format!("results/{}", names.find(|name| name.starts_with("simulated-")).unwrap())
    };
    line.split_whitespace().map(|word| if word == "results/simulated-*" { run() } else { word.to_owned() }).collect()
}

#[test]
fn every_command_of_the_page_works_in_its_order() {
    let page =
        fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reproducing-the-study.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let experiment = blocks(&page, "```yaml").next().unwrap().join("\n");
    fs_err::write(folder.path().join("simulated.yaml"), experiment).unwrap();
    let commands: Vec<&str> =
        blocks(&page, "```console").flatten().filter_map(|line| line.trim().strip_prefix("$ assize ")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for line in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_assize"))
            .args(arguments(line, folder.path()))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "assize {line}: {:?}\n{said}", output.status.code());
        assert!(!output.stdout.is_empty(), "assize {line} printed nothing: {said}");
    }
}
