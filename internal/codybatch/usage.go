package codybatch

// Usage is what an attempt took from the model: tokens by the four kinds that
// are priced differently, and their cost. The zero Usage is "nothing spent".
type Usage struct {
	InputTokens      int64 `json:"inputTokens,omitempty"`
	OutputTokens     int64 `json:"outputTokens,omitempty"`
	CacheReadTokens  int64 `json:"cacheReadTokens,omitempty"`
	CacheWriteTokens int64 `json:"cacheWriteTokens,omitempty"`

	// Cost leaves out what CostUnknown stands for: tokens of a model without a
	// known price. An unknown cost is shown as unknown, never as zero.
	Cost        Money `json:"cost,omitempty"`
	CostUnknown bool  `json:"costUnknown,omitempty"`
}

// Add returns the sum of both. A sum with an unknown part is unknown.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		InputTokens:      u.InputTokens + v.InputTokens,
		OutputTokens:     u.OutputTokens + v.OutputTokens,
		CacheReadTokens:  u.CacheReadTokens + v.CacheReadTokens,
		CacheWriteTokens: u.CacheWriteTokens + v.CacheWriteTokens,
		Cost:             u.Cost + v.Cost,
		CostUnknown:      u.CostUnknown || v.CostUnknown,
	}
}

// Sub returns what u has more than v. A job's usage only ever gains unknown
// parts, so the difference of two known usages is known.
func (u Usage) Sub(v Usage) Usage {
	return Usage{
		InputTokens:      u.InputTokens - v.InputTokens,
		OutputTokens:     u.OutputTokens - v.OutputTokens,
		CacheReadTokens:  u.CacheReadTokens - v.CacheReadTokens,
		CacheWriteTokens: u.CacheWriteTokens - v.CacheWriteTokens,
		Cost:             u.Cost - v.Cost,
		CostUnknown:      u.CostUnknown && !v.CostUnknown,
	}
}
