"""Makes postings.csv: synthetic postings with planted prices. No posting, client or price in it is real.

The same seed gives the same bytes: python3 make.py > postings.csv
"""

import csv
import math
import random
import sys

SEED = 20261122
PER_TIER = 110

KINDS = {
    "web": (["javascript", "html", "css", "react", "web design"], [
        "an online shop", "a booking page", "a membership portal", "a landing page", "a dashboard for sales staff"]),
    "data": (["python", "sql", "pandas", "statistics", "reporting"], [
        "a monthly revenue report", "a churn model", "a survey analysis", "a set of charts for investors",
        "a forecast of stock levels"]),
    "backend": (["rust", "postgresql", "api design", "testing", "docker"], [
        "a payment interface", "a job queue", "an import of supplier lists", "a search service", "a rate limiter"]),
    "mobile": (["kotlin", "swift", "flutter", "push messages", "app design"], [
        "a diary app", "a courier app", "a ticket scanner", "a loyalty card app", "an offline map"]),
    "operations": (["linux", "ansible", "kubernetes", "monitoring", "backups"], [
        "a build pipeline", "a move to new servers", "a backup plan", "an alerting setup", "a mail server"]),
    "writing": (["technical writing", "editing", "documentation", "english", "research"], [
        "a user handbook", "a series of articles", "an installation guide", "a grant proposal", "release notes"]),
}

# Size of the work, by tier: what is asked for, and how the description speaks of it.
SIZES = [
    (["Small fix in", "One change to", "Quick help with", "Short review of"], [
        "It is a single change that should take an afternoon.", "Everything else works and must stay as it is.",
        "One screen is affected and we know which.", "We only need somebody who has done this before."]),
    (["New feature for", "Clean up of", "Extension of", "First draft of"], [
        "The existing parts are documented and small.", "There are about ten screens or files to touch.",
        "Please add tests for what you change.", "We can answer questions every day."]),
    (["Build of", "Rework of", "Version two of", "Integration of"], [
        "It has to replace what we have now, and our staff use it every day.",
        "Several outside services have to be connected and failures handled.",
        "We expect a design first, then the work in three steps with a review of each.",
        "Old records must be brought over without losing any."]),
    (["Complete platform for", "End-to-end development of", "Long-term rebuild of", "Full product around"], [
        "It will serve many thousands of customers in four countries and has to pass an audit.",
        "You bring a team that takes it from concept to operation, with support after the launch.",
        "Security, roles, billing, reporting and mobile clients are all part of it.",
        "The work is planned in milestones over most of a year."]),
]
TIERS = [(10, 200), (200, 1000), (1000, 5000), (5000, 50000)]


def price(random_, low, high):
    """Log-uniform within the tier, as people write prices."""
    value = math.exp(random_.uniform(math.log(low), math.log(high * 0.999)))
    step = 5 if value < 200 else 25 if value < 1000 else 100 if value < 5000 else 500
    return max(low, min(round(value / step) * step, high - step))


def posting(random_, tier):
    # One posting in five speaks of a neighbouring size, so that words do not give the price away.
    spoken = tier if random_.random() < 0.8 else max(0, min(3, tier + random_.choice([-1, 1])))
    skills, things = KINDS[random_.choice(sorted(KINDS))]
    openings, remarks = SIZES[spoken]
    thing = random_.choice(things)
    said = random_.sample(remarks, 2)
    title = f"{random_.choice(openings)} {thing}"
    description = f"We are looking for help with {thing}. {said[0]} {said[1]}"
    low, high = TIERS[tier]
    return title, description, "; ".join(random_.sample(skills, random_.randint(3, 5))), price(random_, low, high)


def main():
    random_ = random.Random(SEED)
    rows = [(*posting(random_, tier), "fixed") for tier in range(4) for _ in range(PER_TIER)]
    # What the filters drop, so that every filter is seen at work.
    title, description, skills, _ = posting(random_, 1)
    rows += [(title, description, skills, 40, "hourly")] * 6
    rows += [(title, "Too short to say.", skills, 300, "fixed")] * 4
    rows += [(title, description, skills, 5, "fixed")] * 3 + [(title, description, skills, 90000, "fixed")] * 2
    rows += [(title, description, skills, "to be discussed", "fixed")]
    random_.shuffle(rows)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["id", "title", "description", "skills", "price", "type", "posted_at"])
    for at, (title, description, skills, dollars, kind) in enumerate(rows):
        month = 1 + random_.randrange(12)
        writer.writerow([f"synthetic-{at:04}", title, description, skills, dollars, kind, f"2025-{month:02}-15"])


main()
