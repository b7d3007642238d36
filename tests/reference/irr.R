# Writes irr.json: sample sizes for kappa by irr, and alpha with its error by irrCAC of R, on the tables of agreement.json.
#
#     install.packages(c("irr", "irrCAC", "jsonlite"))
#     Rscript tests/reference/irr.R > tests/reference/irr.json
#
# Where the committed numbers were made no registry of R packages could be reached: the functions called below were installed from the
# packages' public sources (irr 0.84.1, irrCAC 1.4; without irrCAC's count of observations, which needs dplyr). irrCAC rounds what it
# gives to 5 digits, and irr to whole items; rounding is switched off here.

suppressPackageStartupMessages({library(jsonlite); library(irr); library(irrCAC)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
tables <- fromJSON(file.path(here, "agreement.json"), simplifyVector = FALSE)$tables

exact <- function(of) {
  environment(of) <- list2env(list(round = function(x, ...) x, ceiling = function(x) x), parent = environment(of))
  of
}
flack <- exact(N2.cohen.kappa)
cantor <- exact(N.cohen.kappa)
alpha <- exact(krippen.alpha.raw)

of_table <- function(of) {
  values <- unlist(of$values)
  rows <- t(sapply(of$rows, function(row) sapply(row, function(code) if (is.null(code)) NA else values[code + 1])))
  found <- alpha(rows)$est
  list(name = of$name, krippendorff_alpha = list(value = found$coeff.val, se = found$coeff.se))
}

planned <- function(shares, null, kappa, power = 0.8) {
  list(shares = shares, null = null, kappa = kappa, power = power, items = flack(shares, k1 = kappa, k0 = null, power = power))
}

cat(toJSON(list(
  packages = list(irr = as.character(packageVersion("irr")), irrCAC = as.character(packageVersion("irrCAC"))),
  date = as.character(Sys.Date()),
  alpha = lapply(tables, of_table),
  # The first three are the examples of irr's documentation.
  flack = list(
    planned(c(0.2, 0.25, 0.55), 0.4, 0.6),
    planned(c(0.2, 0.25, 0.55), 0.4, 0.6, 0.9),
    planned(c(0.2, 0.05, 0.2, 0.05, 0.2, 0.3), 0.1, 0.5),
    planned(c(0.5, 0.5), 0.7, 0.85),
    planned(c(0.9, 0.06, 0.04), 0.6, 0.8)
  ),
  cantor = list(
    list(first = 0.5, second = 0.5, null = 0.85, kappa = 0.7, items = cantor(0.5, 0.5, 0.7, 0.85)),
    list(first = 0.3, second = 0.4, null = 0.4, kappa = 0.7, items = cantor(0.3, 0.4, 0.7, 0.4))
  )
), auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
