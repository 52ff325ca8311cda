package codybatch

import (
	"fmt"
	"math"
)

// Money is an amount in millionths of a US dollar, so that sums are exact.
type Money int64

// MoneyMax stands for "as much as there is".
const MoneyMax = Money(math.MaxInt64)

// USD turns dollars into Money, rounded to the nearest millionth.
func USD(dollars float64) Money { return Money(math.Round(dollars * 1e6)) }

// Dollars is the amount for the wire, where costs are numbers in dollars.
func (m Money) Dollars() float64 { return float64(m) / 1e6 }

// String shows cents, and finer amounts below ten cents: "$1.25", "$0.0312".
func (m Money) String() string {
	if m != 0 && m < 100_000 && m > -100_000 {
		return fmt.Sprintf("$%.4f", m.Dollars())
	}
	return fmt.Sprintf("$%.2f", m.Dollars())
}
