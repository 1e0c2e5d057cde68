"""The tables that come with the product: clauses and the trade's terms."""

import pytest

from models.errors import ModelError
from models.regulations import Clause, DefectTerms, Regulations

BLISTER_CLASSES = (
    "empty pocket",
    "chip",
    "break",
    "crack",
    "spot",
    "stain",
    "rogue product",
    "double fill",
    "fragment",
)


def test_a_clause_is_looked_up_by_its_id_and_says_whether_it_was_verified():
    table = Regulations.load()

    clause = table.citation("21CFR211.68")

    assert clause.citation == "21 CFR 211.68(a),(b)"
    assert clause.status == "in_force"
    assert clause.verified is False


def test_a_draft_is_marked_as_not_in_force():
    table = Regulations.load()

    annex_22 = [clause for clause in table if clause.id.startswith("EUGMP-A22d")]

    assert len(annex_22) == 10
    assert {clause.status for clause in annex_22} == {"draft_not_in_force"}


def test_every_clause_has_a_citation_and_a_text():
    table = Regulations.load()

    assert len(table) == 158
    assert all(clause.citation and clause.paraphrase and clause.applies_to for clause in table)


def test_an_unknown_clause_is_a_key_error_and_the_nearest_ids_are_named():
    table = Regulations.load()

    with pytest.raises(KeyError, match=r"21 CFR 211\.68"):
        table.citation("21 CFR 211.68")

    assert "21 CFR 211.68" not in table
    assert table.nearest("21 CFR 211.68")[0] == "21CFR211.68"
    assert table.nearest("nothing like a clause") == ()


def test_a_table_with_an_id_given_twice_is_refused():
    clause = Clause(
        id="A1",
        citation="A 1",
        jurisdiction="EU",
        kind="law",
        status="in_force",
        verified=False,
        applies_to=("ALL",),
        paraphrase="One.",
    )

    with pytest.raises(ModelError, match="A1 stands twice"):
        Regulations((clause, clause))


def test_every_class_of_the_blister_package_has_a_term():
    terms = DefectTerms.load()

    assert terms.defects == BLISTER_CLASSES
    assert all(terms.of(defect) for defect in terms.defects)


def test_every_term_cites_known_clauses_and_stands_once():
    table, terms = Regulations.load(), DefectTerms.load()
    every = [*(term for defect in terms.defects for term in terms.of(defect)), *terms.not_seen]

    unknown = {citation for term in every for citation in term.citations if citation not in table}

    assert unknown == set()
    assert len({term.id for term in every}) == len(every) == 50


def test_a_size_class_keeps_both_of_its_bounds():
    small_chip = next(term for term in DefectTerms.load().of("chip") if term.id == "SOD-009")

    assert (small_chip.typical.limit, small_chip.typical.below, small_chip.typical.unit) == (0.5, 2.0, "mm")
    assert small_chip.severity == "minor"
