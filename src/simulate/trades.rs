//! How the person's occupation shows: in what is said with the first prompt, or in the instructions that the agent reads.

/// Two remarks of each occupation, in the order of the planted labels.
pub(super) const REMARKS: [[&str; 2]; 23] = [
    [
        "This is for the board meeting; the stakeholders want the headcount beside it.",
        "It goes into our quarterly plan, and my direct reports will use it for the OKRs.",
    ],
    [
        "We need it to reconcile invoices with the ledger before the tax return.",
        "It feeds the cash flow forecasting and next year's budgets.",
    ],
    [
        "Our customers wait for it: open a pull request, and mind that CI must be green before the release.",
        "Work on a branch off main and keep the PR small; the reviewers are strict, and staging deploys at noon.",
    ],
    [
        "It checks the bill of materials against the CAD model, tolerances included.",
        "The schematic of the PCB comes first, then the torque figures.",
    ],
    [
        "It is for the manuscript: the assay and the protein data have to agree.",
        "Peer review asked for other p-values; the survey respondents are the same.",
    ],
    [
        "Our caseworkers in social work use it for case management.",
        "It is for the parish and its food bank; the congregation helps.",
    ],
    [
        "The plaintiff moved again, so the litigation team needs the deposition index.",
        "It concerns the indemnification and the contract clause on jurisdiction.",
    ],
    [
        "My students get it with the syllabus; the homework builds on it.",
        "I use it in the classroom, for the lecture and the grading.",
    ],
    [
        "It goes with the press release; the editorial team has the typography.",
        "The storyboard for the podcast depends on it.",
    ],
    [
        "The patients' dosage must be right; the EHR exports it every night.",
        "It supports the diagnosis; radiology and pharmacy both read it.",
    ],
    [
        "The care home runs it; every nursing aide enters rounds at the bedside.",
        "Our medical assistants and the home health aides need it on the phone.",
    ],
    ["Patrol uses it, and incident command sees the same map.", "It tracks officer safety checks at the fire station."],
    ["The restaurant plans its menu items with it.", "It holds the recipes for catering, with the food cost."],
    ["The cleaning crew gets its landscaping rounds from it.", "It plans pest control and lawn care."],
    ["The salon and the daycare share the calendar.", "My fitness clients get a workout plan from it."],
    [
        "It loads prospects into the CRM, for the sales pipeline.",
        "We need it for cold emails; the quota is tight this quarter.",
    ],
    [
        "I keep the meeting minutes and the timesheets with it.",
        "It replaces our mail merge and the data entry for travel booking.",
    ],
    ["The orchard needs it before harvest.", "It reads the irrigation of every crop."],
    ["The job site runs on it; the subcontractors enter rebar and framing.", "It is about roofing and drywall orders."],
    [
        "It turns work orders into preventive maintenance with spare parts.",
        "The service manual says when an engine fault needs it.",
    ],
    [
        "The production line reads lot numbers with it, before quality inspection.",
        "Our CNC machining depends on it, and so does welding.",
    ],
    [
        "The dispatch route and the bill of lading come from it.",
        "Truck drivers see their freight and the cargo manifest in it.",
    ],
    ["The battalion plans with it; every platoon has a copy.", "It belongs to the mission brief of the squadron."],
];
