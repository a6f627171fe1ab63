"""What people open: pictures, explorer, workbook, page."""
