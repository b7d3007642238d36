//! Telling persons apart without keeping their names.

use std::sync::LazyLock;

use regex::Regex;

/// The account name in a path below a home folder: `/home/NAME`, `/Users/NAME`, `C:\Users\NAME`, also behind a prefix.
static HOME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[/\\])(?:home|users)[/\\]+([^/\\]+)").ok());

/// The same in a folder name made from a path: `-Users-NAME-project`.
static HOME_SLUG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)((?:^|/)(?:[a-z]-)?(?:-mnt-[a-z])?-(?:home|users)-)[^/-]+").ok());

/// The same in the path of a file, where a folder above the homes was ingested.
static HOME_FOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"((?:^|/)(?:home|Users)/)[^/]+/").ok());

/// The home-folder name in a working directory.
pub(super) fn home_name(cwd: &str) -> Option<&str> {
    let name = HOME.as_ref()?.captures(cwd)?.get(1)?.as_str();
    (!matches!(name, "Shared" | "Public")).then_some(name)
}

/// Keyed pseudonym of a home-folder name: `p_` and 12 hexadecimal characters of a keyed BLAKE3.
pub(super) fn pseudonym(key: &[u8; 32], name: &str) -> String {
    let hash = blake3::keyed_hash(key, name.to_lowercase().as_bytes()).to_hex();
    format!("p_{}", &hash[..12])
}

/// Last folder name of a working directory, unless that is the home folder itself.
pub(super) fn project(cwd: &str) -> Option<&str> {
    let last = cwd.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    (!last.is_empty() && !last.ends_with(':') && home_name(cwd) != Some(last)).then_some(last)
}

/// A file name with the home-folder name in its folders and folder slugs masked by `~`: `name` itself, where it is known,
/// and what stands where such a name stands.
#[must_use]
pub fn mask_file(file: &str, name: Option<&str>) -> String {
    let slug = |name: &str| name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let known = match name.map(slug) {
        Some(name) if !name.is_empty() => {
            let masked = file.replace(&format!("Users-{name}"), "Users-~").replace(&format!("home-{name}"), "home-~");
            masked.replace(&format!("users-{name}"), "users-~")
        }
        _ => file.to_owned(),
    };
    let folder = |part| if Some(part) == name { "~" } else { part };
    let known = known.split('/').map(folder).collect::<Vec<_>>().join("/");
    [(&HOME_SLUG, "${1}~"), (&HOME_FOLDER, "${1}~/")].into_iter().fold(known, |file, (pattern, mask)| {
        pattern.as_ref().map(|pattern| pattern.replace_all(&file, mask).into_owned()).unwrap_or(file)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/home/ana/code/tool", Some("ana"), Some("tool"))]
    #[case("/Users/ana/work", Some("ana"), Some("work"))]
    #[case(r"C:\Users\Ana B\repo", Some("Ana B"), Some("repo"))]
    #[case("/mnt/c/Users/ana/repo/", Some("ana"), Some("repo"))]
    #[case(r"C:\Users\Ana", Some("Ana"), None)]
    #[case("/home/ana", Some("ana"), None)]
    #[case("/workspace/tool", None, Some("tool"))]
    #[case("/", None, None)]
    #[case("D:\\", None, None)]
    fn working_directories(#[case] cwd: &str, #[case] name: Option<&str>, #[case] folder: Option<&str>) {
        assert_eq!((home_name(cwd), project(cwd)), (name, folder));
    }

    #[test]
    fn pseudonyms_depend_on_the_key_and_not_on_case() {
        let one = pseudonym(&[1; 32], "Ana");
        assert_eq!(one, pseudonym(&[1; 32], "ana"));
        assert_ne!(one, pseudonym(&[2; 32], "ana"));
        assert_eq!(one.len(), 14);
        assert!(one.starts_with("p_"));
    }

    #[rstest]
    #[case("-Users-ana-code-tool/x.jsonl", None, "-Users-~-code-tool/x.jsonl")]
    #[case("-home-jean-luc-tool/x.jsonl", Some("jean.luc"), "-home-~-tool/x.jsonl")]
    #[case("C--Users-ana/x.jsonl", Some("ana"), "C--Users-~/x.jsonl")]
    #[case("plain/x.jsonl", Some("ana"), "plain/x.jsonl")]
    #[case("ana/.claude/projects/-home-ana-tool/x.jsonl", Some("ana"), "~/.claude/projects/-home-~-tool/x.jsonl")]
    #[case("home/ana/tool/x.jsonl", None, "home/~/tool/x.jsonl")]
    fn files_carry_no_names(#[case] file: &str, #[case] name: Option<&str>, #[case] masked: &str) {
        assert_eq!(mask_file(file, name), masked);
    }
}
