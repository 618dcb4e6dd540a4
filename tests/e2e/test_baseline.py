"""Running trials through the command line, on a running stack: all seven files and all four services."""

import json
from pathlib import Path
from typing import Any

from shared.stack.api import StackAddresses
from tests.e2e.conftest import Trialwire

FILES = {
    "programmes": (
        "programme,sponsor,product,indication,phase,phase_since,toxicology_on,laboratory_on,authorisations\n"
        "P1,Baseline Sponsor,AB-1,A disease,II,2024-06-01,2022-03-01,2022-04-01,ind:123456:US:2022-09-01\n"
    ),
    "trials": (
        "trial,sponsor,title,programme,phases,status,status_since,authorised\n"
        "T1,Baseline Sponsor,A trial in mid-life,P1,PHASE2,active,2025-02-01,US:2024-12-15\n"
    ),
    "sites": (
        "site,trial,name,country,zone,status,selected_on,activated_on,gates\n"
        "01,T1,Hospital A,US,America/New_York,enrolling,2025-01-10,2025-03-01,*:2025-02-20\n"
        "02,T1,Hospital B,US,America/Chicago,selected,2025-01-12,,contract:2025-01-20\n"
    ),
    "approvals": (
        "approval,trial,sites,protocol_version,effective_on,expires_on\n"
        "B1,T1,01 02,3.0,2025-12-20,2098-12-19\n"
    ),
    "subjects": (
        "subject,trial,site,status,status_since,reason,enrolled_on,randomised_on\n"
        "S-1,T1,01,on-study-intervention,2025-04-02,,2025-04-01,2025-04-02\n"
        "S-2,T1,01,off-study,2025-06-02,completed,2025-04-03,2025-04-03\n"
    ),
    "cases": (
        "case,trial,site,subject,received_on,zone,seriousness,determination,determination_on,"
        "causality_investigator,causality_sponsor,expected,rsi_version,evidence_category\n"
        "C1,T1,01,S-1,2025-10-01,UTC,hospitalisation,reportable,2025-10-03,related,related,no,IB-7,A\n"
        "C2,T1,01,S-2,2025-10-01,UTC,death,,,,,,,\n"
    ),
    "requests": (
        "request,trial,subject,case,purpose,opened_on,zone,custodian,record_types,range_from,range_to,leg,"
        "basis,basis_ref,basis_accepted_on,method,sent_on\n"
        "R1,T1,S-1,C1,safety_followup,2025-10-04,UTC,custodian-1,discharge_summary,2025-09-01,2025-10-01,"
        "sent,adverse_event_reporting,basis/1,2025-10-04,portal,2025-10-05\n"
    ),
}


def load(trialwire: Trialwire, folder: Path) -> dict[str, Any]:
    done = trialwire("import", "baseline", str(folder), "--record", "cut-over/7", "--json", within=150)
    assert done.stdout, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, told
    return told


def test_running_trials_are_loaded_whole_and_again_change_nothing(
    trialwire: Trialwire, stack: StackAddresses, tmp_path: Path
) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    first = load(trialwire, tmp_path)
    assert first["rejected"] == []
    assert all(one["read"] == one["loaded"] for one in first["files"])
    assert not any(one["differs"] for one in first["counts"])
    second = load(trialwire, tmp_path)
    assert all(one["read"] == one["unchanged"] for one in second["files"])
