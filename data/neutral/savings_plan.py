from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


@dataclass
class SavingsPlan:
    """A monthly deposit that earns interest once a year."""

    monthly: Decimal
    yearly_rate: Decimal
    balance: Decimal = Decimal(0)
    history: list[Decimal] = field(default_factory=list)

    def run_year(self) -> Decimal:
        """Twelve deposits, each earning for the months that are left. Returns the interest of the year."""
        interest = self.balance * self.yearly_rate
        for month in range(12):
            remaining = Decimal(12 - month) / 12
            interest += self.monthly * self.yearly_rate * remaining
        interest = rounded(interest)
        self.balance += 12 * self.monthly + interest
        self.history.append(self.balance)
        return interest


def years_until(goal: Decimal, plan: SavingsPlan, longest: int = 60) -> int | None:
    for year in range(1, longest + 1):
        plan.run_year()
        if plan.balance >= goal:
            return year
    return None


def main() -> None:
    for percent in ("1.5", "3", "4.25"):
        plan = SavingsPlan(monthly=Decimal(150), yearly_rate=Decimal(percent) / 100)
        years = years_until(Decimal(50_000), plan)
        print(f"at {percent:>4} % the goal is reached after {years} years with {plan.balance:,.2f}")


if __name__ == "__main__":
    main()
