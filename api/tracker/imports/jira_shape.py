"""What Jira's REST API sends for an issue (`/rest/api/2/issue/KEY`), as far as it is imported."""

import msgspec


class JiraStruct(msgspec.Struct, rename="camel"):
    pass


class JiraNamed(JiraStruct):
    name: str


class JiraCategory(JiraStruct):
    key: str


class JiraStatus(JiraStruct):
    name: str
    status_category: JiraCategory | None = None


class JiraPerson(JiraStruct):
    """Jira Server names people by `name`, Jira Cloud by `accountId`."""

    name: str | None = None
    key: str | None = None
    account_id: str | None = None
    display_name: str | None = None
    email_address: str | None = None


class JiraComment(JiraStruct):
    id: str
    created: str
    updated: str | None = None
    author: JiraPerson | None = None
    body: str | None = None


class JiraComments(JiraStruct):
    comments: list[msgspec.Raw] = []
    total: int = 0


class JiraLinkType(JiraStruct):
    name: str = ""
    outward: str = ""


class JiraLinkEnd(JiraStruct):
    key: str


class JiraLink(JiraStruct):
    type: JiraLinkType
    inward_issue: JiraLinkEnd | None = None
    outward_issue: JiraLinkEnd | None = None


class JiraFields(JiraStruct):
    summary: str
    created: str
    description: str | None = None
    status: JiraStatus | None = None
    resolution: JiraNamed | None = None
    resolutiondate: str | None = None
    priority: JiraNamed | None = None
    labels: list[str] | None = None
    reporter: JiraPerson | None = None
    creator: JiraPerson | None = None
    assignee: JiraPerson | None = None
    updated: str | None = None
    comment: JiraComments | None = None
    issuelinks: list[JiraLink] | None = None


class JiraIssue(JiraStruct):
    key: str
    fields: JiraFields
