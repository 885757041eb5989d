package forge

import "strings"

// payload is what the forges say, as far as it has a name on the bus.
type payload struct {
	Action     string     `json:"action"`
	Repository repository `json:"repository"`
	Sender     person     `json:"sender"`
	Zen        string     `json:"zen"` // of a ping

	// A push.
	Ref        string   `json:"ref"`
	RefType    string   `json:"ref_type"` // of create and delete
	SHA        string   `json:"sha"`      // of Gitea's create
	Before     string   `json:"before"`
	After      string   `json:"after"`
	Forced     bool     `json:"forced"`
	Compare    string   `json:"compare"`
	CompareURL string   `json:"compare_url"`
	Commits    []commit `json:"commits"`
	Total      int      `json:"total_commits_count"` // GitLab sends 20 of them at most
	Pusher     person   `json:"pusher"`

	Issue       *subject `json:"issue"`
	PullRequest *subject `json:"pull_request"`
	Release     *subject `json:"release"`
	Comment     *subject `json:"comment"`
	Review      *subject `json:"review"`

	// GitLab's own.
	ObjectKind   string   `json:"object_kind"`
	EventName    string   `json:"event_name"`
	Project      project  `json:"project"`
	User         person   `json:"user"`
	UserName     string   `json:"user_name"`
	UserUsername string   `json:"user_username"`
	Message      string   `json:"message"` // of an annotated tag
	Attributes   *subject `json:"object_attributes"`
	MergeRequest *subject `json:"merge_request"` // that a comment is on

	// A release of GitLab's is the body itself.
	Name        string `json:"name"`
	Tag         string `json:"tag"`
	Description string `json:"description"`
	URL         string `json:"url"`
}

type repository struct {
	Name     string `json:"name"`
	FullName string `json:"full_name"`
}

// project is GitLab's; its name is for people, the path is what it is called.
type project struct {
	Name string `json:"name"`
	Path string `json:"path_with_namespace"`
}

type person struct {
	Login    string `json:"login"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Email    string `json:"email"`
}

func (p person) String() string { return firstOf(p.Login, p.Username, p.Name) }

type commit struct {
	ID        string   `json:"id"`
	Message   string   `json:"message"`
	Timestamp string   `json:"timestamp"`
	URL       string   `json:"url"`
	Author    person   `json:"author"`
	Committer person   `json:"committer"`
	Distinct  *bool    `json:"distinct"` // GitHub: false if another branch has it
	Added     []string `json:"added"`
	Removed   []string `json:"removed"`
	Modified  []string `json:"modified"`
}

// subject is an issue, a pull request, a release or a comment.
type subject struct {
	Number       int    `json:"number"`
	IID          int    `json:"iid"`
	Title        string `json:"title"`
	Name         string `json:"name"`
	Body         string `json:"body"`
	Description  string `json:"description"`
	Note         string `json:"note"`
	HTMLURL      string `json:"html_url"`
	URL          string `json:"url"`
	Action       string `json:"action"`
	Merged       bool   `json:"merged"`
	TagName      string `json:"tag_name"`
	TargetBranch string `json:"target_branch"`
	SourceBranch string `json:"source_branch"`
	Base         branch `json:"base"`
	Head         branch `json:"head"`
}

type branch struct {
	Ref string `json:"ref"`
}

// repo is the repository as "owner/name".
func (p *payload) repo() string {
	return firstOf(p.Project.Path, p.Repository.FullName, p.Repository.Name, p.Project.Name)
}

// project is what the repository is called.
func (p *payload) project() string {
	repo := p.repo()
	return repo[strings.LastIndexByte(repo, '/')+1:]
}

// actor is who did it.
func (p *payload) actor() string {
	return firstOf(p.Sender.String(), p.UserUsername, p.UserName, p.User.String(), p.Pusher.String())
}
