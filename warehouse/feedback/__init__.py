"""Feed back: the receipt workbook that every delivery gets, with the rejected rows ready to be corrected and sent again."""

from warehouse.feedback.receipt import write_receipt

__all__ = ["write_receipt"]
