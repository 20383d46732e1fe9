"""Checkov over the templates of a stack: `python -m tests.template_security`, a check of `make nightly`.

It sees template.yaml as SAM translates it, and the nested template as it is.
A finding fails the check unless `ACCEPTED` says why we keep it. A reason that no finding needs fails it, too.
The first run installs Checkov (200 to 300 MB), which is why no other target runs it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from local import aws
from local.commands import exit_with
from local.environments import CHECKOV_TOOL, make
from local.paths import ROOT, SAM, clean_environment

ACCEPTED = {
    "CKV_AWS_18": "Access logs of the buckets: one only our function can read, the other has copies of pictures.",
    "CKV_AWS_21": "Versions of objects: a version would keep what the bucket's rule, or our function, deletes.",
    "CKV_AWS_27": "A key of our own for the queues: SQS encrypts new queues by itself, and messages hold names. "
    "https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_sqs-readme.html",
    "CKV_AWS_68": "A firewall of CloudFront, $6 a month: it serves files that do not change, and calls nothing.",
    "CKV_AWS_86": "Access logs of CloudFront: they would keep addresses of people who look at pictures.",
    "CKV_AWS_115": "Reserved concurrency: a new account has ten places, and Lambda refuses to reserve any of them.",
    "CKV_AWS_116": "Queues for dead letters of functions: no function is the last owner of an event. The sweep finds "
    "every job whose event was lost, and an account's next job copies its pictures.",
    "CKV_AWS_117": "A VPC: the functions call only public addresses, and a NAT gateway costs more than all the rest.",
    "CKV_AWS_174": "TLS 1.2 at least for the copies: CloudFront's own domain cannot demand it.",
    "CKV_AWS_158": "A key of our own for the logs: they hold no secrets, and CloudWatch encrypts them by itself.",
    "CKV_AWS_173": "A key of our own for environment variables: they hold names of secrets, and no secret.",
}
# Runs in SAM's environment. Without the managed policies' list: the template names no managed policy.
_TRANSLATE = """
import sys
from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse
class NoPolicies:
    def load(self):
        return {}
template = yaml_parse(open(sys.argv[1]).read())
template["Parameters"]["Pictures"]["Default"] = "on"  # Checkov looks at nothing whose condition does not hold
translated = SamTemplateValidator(template, NoPolicies(), region=sys.argv[2]).get_translated_template_if_valid()
open(sys.argv[3], "w").write(translated)
"""


def findings() -> dict[str, list[str]]:
    """Return Checkov's findings: the resources by the check, as "CKV_AWS_18: what it wants"."""
    make(CHECKOV_TOOL)
    environment = clean_environment() | aws.client_environment("http://127.0.0.1:9")  # port 9: nobody answers
    with tempfile.TemporaryDirectory() as folder:
        translated = Path(folder) / "template.json"
        sam = [str(SAM / "bin" / "python"), "-c", _TRANSLATE, str(ROOT / "template.yaml"), aws.REGION, str(translated)]
        subprocess.run(sam, env=environment, cwd=folder, check=True)
        command = [str(CHECKOV_TOOL.path / "bin" / "checkov"), "--framework", "cloudformation", "--skip-download"]
        command += [
            "--quiet",
            "--soft-fail",
            "--output",
            "json",
            "--file",
            str(translated),
            str(ROOT / "deploy/pictures.yaml"),
            str(ROOT / "deploy/mail.yaml"),
        ]
        told = subprocess.run(command, env=environment, cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    report = json.loads(told)
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        raise SystemExit(f"error: Checkov could not read the template: {report['summary']}")
    found = defaultdict(list)
    for failed in report["results"]["failed_checks"]:
        found[f"{failed['check_id']}: {failed['check_name']}"].append(failed["resource"])
    return found


def verdict(found: Mapping[str, list[str]], accepted: Mapping[str, str] = ACCEPTED) -> list[str]:
    """Return a line for each finding without a reason, and for each reason without a finding."""
    ids = {name.partition(":")[0] for name in found}
    new = [f"{name} ({', '.join(found[name])})" for name in found if name.partition(":")[0] not in accepted]
    stale = [f"{name}: no finding needs this reason any longer" for name in accepted if name not in ids]
    return sorted(new + stale)


def main() -> None:
    found = findings()
    if wrong := verdict(found):
        sys.exit("\n".join(["error: Checkov and tests/template_security.py disagree:", *wrong]))
    print(f"{len(found)} kinds of findings, all with a reason")


if __name__ == "__main__":
    exit_with(main)
