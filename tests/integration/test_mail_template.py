"""Mail in the template, as CloudFormation gets it: nothing without a sender, and no right beyond its address."""

from __future__ import annotations

import json
from typing import Any

from cfnlint.decode import cfn_yaml

from local.paths import ROOT
from tests.expanded import expand

MAIL = {
    *("MailFunction", "MailLogGroup", "MailDashboard", "MailErrorsAlarm", "MailFunctionErrorsAlarm"),
    *(
        "UnsubscribeFunction",
        "UnsubscribeLogGroup",
        "UnsubscribeRoute",
        "UnsubscribeIntegration",
        "UnsubscribePermission",
    ),
}
OF_SES = {
    *("MailPolicy", "MailReports", "BounceRateAlarm", "ComplaintRateAlarm"),
    *("FeedbackFunction", "FeedbackLogGroup", "FeedbackTopic", "FeedbackTopicPolicy"),
    *("FeedbackSubscription", "FeedbackPermission", "FeedbackDashboard"),
}


def made_for_mail(**parameters: Any) -> set[str]:
    """Return what the parameters add to a stack, without the aliases, versions and roles that SAM makes."""
    added = expand(News="on", **parameters).resources.keys() - expand(News="on").resources.keys()
    template = cfn_yaml.load(str(ROOT / "template.yaml"))
    return {name for name in added if name in template["Resources"]}


def test_without_a_sender_nothing_of_mail_exists(template: Any) -> None:
    assert template["Parameters"]["MailFrom"]["Default"] == ""
    text = json.dumps([expand(News="on").resources, expand(News="on").outputs])
    assert [
        word for word in ("MailFunction", "Unsubscribe", "Feedback", "AWS::SES", "ses:", "sns:") if word in text
    ] == []


def test_a_sender_brings_mail_by_ses_or_by_documents() -> None:
    assert made_for_mail(MailFrom="news@acme.example") == MAIL | OF_SES
    assert made_for_mail(MailFrom="news@acme.example", MailDelivery="document") == MAIL


def test_the_mail_function_sends_from_its_address_alone() -> None:
    stack = expand(News="on", MailFrom="news@acme.example")
    (statement,) = stack.resources["MailPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ses:SendEmail"
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": "news@acme.example"}}
    of_ses = "arn:aws:ses:eu-west-1:000000000000"
    address, domain, configuration_set = statement["Resource"]
    assert (address, configuration_set) == (f"{of_ses}:identity/news@acme.example", CONFIGURATION_SET)
    assert json.dumps(domain).count("identity/${Domain}") == 1


CONFIGURATION_SET = {"Fn::Sub": "arn:aws:ses:eu-west-1:000000000000:configuration-set/${AWS::StackName}"}


def test_ses_reports_to_our_topic_alone() -> None:
    stack = expand(News="on", MailFrom="news@acme.example")
    (statement,) = stack.resources["FeedbackTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    condition = statement["Condition"]["StringEquals"]
    assert condition == {"AWS:SourceAccount": "000000000000", "AWS:SourceArn": CONFIGURATION_SET}
    reports = cfn_yaml.load(str(ROOT / "deploy/mail.yaml"))["Resources"]
    destination = reports["Reports"]["Properties"]["EventDestination"]
    assert destination["MatchingEventTypes"] == ["bounce", "complaint"]
    assert destination["SnsDestination"] == {"TopicARN": {"Ref": "TopicArn"}}
    name = stack.resources["MailReports"]["Properties"]["Parameters"]["StackName"]
    given = stack.resources["MailFunction"]["Properties"]["Environment"]["Variables"]
    assert name == given["MAIL_CONFIGURATION_SET"] == {"Ref": "AWS::StackName"}


def test_mail_needs_the_events_of_the_outbox(template: Any) -> None:
    rule = template["Rules"]["MailNeedsNews"]
    assert rule["Assertions"][0]["Assert"] == {"Fn::Equals": [{"Ref": "News"}, "on"]}
