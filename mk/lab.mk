# The lab: three hosts and an operator's place; LAB names the driver.
