package dynamo

// The kinds of a key attribute, as DynamoDB names them.
const (
	String = "S"
	Number = "N"
)

// The projections of an index.
const (
	KeysOnly = "KEYS_ONLY"
	Include  = "INCLUDE"
)

// Key is an attribute that rows are found by.
type Key struct {
	Name string `json:"name"`
	Type string `json:"type"` // String or Number
}

// Index is a global secondary index. A row without one of its keys is not in it.
type Index struct {
	Name         string   `json:"name"`
	PartitionKey Key      `json:"partitionKey"`
	SortKey      Key      `json:"sortKey"`
	Projection   string   `json:"projection"`           // KeysOnly or Include
	Attributes   []string `json:"attributes,omitempty"` // of Include
}

// Table describes a table, as the stack in deploy/cdk and the tests make it.
type Table struct {
	Name         string  `json:"name"` // what the founding plan calls it; a deployed one has a name of its own
	PartitionKey Key     `json:"partitionKey"`
	SortKey      *Key    `json:"sortKey,omitempty"`
	TimeToLive   string  `json:"timeToLive"` // a Number, in seconds since 1970
	Indexes      []Index `json:"indexes"`
}

// The tables and their indexes.
const (
	Jobs         = "Jobs"
	Repositories = "Repositories"

	jobsByStatus  = "status-createdAt-index"
	tasksByStatus = "status-index"
	tasksByDue    = "due-index"
)

// The attributes of rows; rows.go says what they hold.
const (
	attrJobID      = "jobId"
	attrRepository = "repositoryName"
	attrExpiresAt  = "expiresAt"
	attrStatus     = "status"
	attrCreatedAt  = "createdAt"
	attrJobStatus  = "jobStatus"
	attrPosition   = "position"
	attrOutcome    = "outcome"
	attrDueShard   = "dueShard"
	attrDueAt      = "dueAt"
)

// Tables describes both tables: keys, indexes and time to live. They are billed by
// request. testdata/schema.json is the same as JSON, for deploy/cdk, which is a
// module of its own.
func Tables() []Table {
	return []Table{
		{
			Name:         Jobs,
			PartitionKey: Key{attrJobID, String},
			TimeToLive:   attrExpiresAt,
			Indexes: []Index{
				{Name: jobsByStatus, PartitionKey: Key{attrStatus, String}, SortKey: Key{attrCreatedAt, String}, Projection: KeysOnly},
			},
		},
		{
			Name:         Repositories,
			PartitionKey: Key{attrJobID, String},
			SortKey:      &Key{attrRepository, String},
			TimeToLive:   attrExpiresAt,
			Indexes: []Index{
				{
					Name: tasksByStatus, PartitionKey: Key{attrJobStatus, String}, SortKey: Key{attrPosition, Number},
					Projection: Include, Attributes: []string{attrOutcome},
				},
				{Name: tasksByDue, PartitionKey: Key{attrDueShard, String}, SortKey: Key{attrDueAt, String}, Projection: KeysOnly},
			},
		},
	}
}

// WorkerActions lists what the role of a worker must be allowed to do on both tables:
// to read by key, claim, extend and update. It may query nothing.
func WorkerActions() []string {
	return []string{"dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
}

// Actions lists what a role must be allowed to do on both tables and their indexes.
// Transactions need the rights of what they are made of.
func Actions() []string {
	return []string{
		"dynamodb:BatchGetItem",
		"dynamodb:BatchWriteItem",
		"dynamodb:DeleteItem",
		"dynamodb:PutItem",
		"dynamodb:Query",
		"dynamodb:UpdateItem",
	}
}
