//! Rules for the codebase context: what was changed, created and read.

use super::activity::Activity;
use super::decide::Decision;
use super::features::Features;
use crate::session::EvidenceKind;

/// The first rule that fits decides.
pub(super) fn decide(features: &Features) -> Decision {
    let files = &features.files;
    let found = |kind| features.found(kind);
    let recorded = found(EvidenceKind::Commit) + found(EvidenceKind::Push) + found(EvidenceKind::PullRequestMerged);
    let repository = files.version_control > 0 || files.sources_read > 0;
    let prose_only = features.acts(Activity::Prose) > 0
        && [Activity::Code, Activity::TestCode, Activity::Config, Activity::AgentText]
            .iter()
            .all(|kind| features.acts(*kind) == 0);
    let (label, rule, because) = if files.begun > 0 && files.created > files.changed {
        (
            "create_new",
            "C1",
            format!("a command begins a project, and {} files are new, {} changed", files.created, files.changed),
        )
    } else if files.changed > 0 && (repository || !prose_only) {
        ("modify_existing", "C2", format!("{} files that were there were changed", files.changed))
    } else if files.created > 0 && repository {
        ("modify_existing", "C3", format!("{} new files beside a code base that was read or versioned", files.created))
    } else if files.created > 0 && !prose_only {
        ("create_new", "C4", format!("{} new files, and no sign of a code base before them", files.created))
    } else if recorded > 0 {
        ("modify_existing", "C5", format!("{recorded} commits, pushes or merges without an edit"))
    } else if files.tried > 0 && repository {
        ("modify_existing", "C6", format!("changes to {} files were tried and did not go through", files.tried))
    } else if files.sources_read > 0 || (files.version_control > 0 && files.elsewhere == 0) {
        (
            "explore",
            "C7",
            format!(
                "nothing was changed; {} source files read, {} commands of version control",
                files.sources_read, files.version_control
            ),
        )
    } else {
        ("no_codebase", "C8", "no file of a code base was read, changed or versioned".to_owned())
    };
    Decision { label, rule, because, turns: vec![] }
}

#[cfg(test)]
mod tests {
    use super::super::files::Files;
    use super::*;

    #[test]
    fn the_first_fitting_rule_decides() {
        let of = |files: Files, activity: &[(Activity, u64)]| {
            let decision =
                decide(&Features { files, activity: activity.iter().copied().collect(), ..Features::default() });
            (decision.label, decision.rule)
        };
        let none = Files::default();
        let (code, prose) = ([(Activity::Code, 1)], [(Activity::Prose, 1)]);
        assert_eq!(of(Files { begun: 1, created: 3, changed: 1, ..none }, &code), ("create_new", "C1"));
        assert_eq!(of(Files { changed: 1, ..none }, &code), ("modify_existing", "C2"));
        assert_eq!(of(Files { changed: 1, ..none }, &prose), ("no_codebase", "C8"));
        assert_eq!(of(Files { changed: 1, version_control: 1, ..none }, &prose), ("modify_existing", "C2"));
        assert_eq!(of(Files { created: 1, sources_read: 1, ..none }, &code), ("modify_existing", "C3"));
        assert_eq!(of(Files { created: 1, ..none }, &code), ("create_new", "C4"));
        assert_eq!(of(Files { tried: 1, sources_read: 1, ..none }, &code), ("modify_existing", "C6"));
        assert_eq!(of(Files { sources_read: 1, ..none }, &[]), ("explore", "C7"));
        assert_eq!(of(Files { version_control: 1, elsewhere: 1, ..none }, &[]), ("no_codebase", "C8"));
        assert_eq!(of(none, &[]), ("no_codebase", "C8"));
        let evidence = [(EvidenceKind::Commit, 1)].into_iter().collect();
        assert_eq!(decide(&Features { evidence, ..Features::default() }).rule, "C5");
    }
}
