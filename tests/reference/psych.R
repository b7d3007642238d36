# Writes psych.json: intraclass correlations and kappa of psych, concordance and a known-error prevalence of epiR, on the tables of agreement.json.
#
#     apt-get install r-cran-psych r-cran-epir r-cran-jsonlite
#     Rscript tests/reference/psych.R > tests/reference/psych.json
#
# Debian's packages; versions and date are written into the file. Only items that all raters rated are used.

suppressPackageStartupMessages({library(jsonlite); library(psych); library(epiR)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
tables <- fromJSON(file.path(here, "agreement.json"), simplifyVector = FALSE)$tables

complete <- function(of) {
  rows <- Filter(function(row) !any(sapply(row, is.null)), of$rows)
  values <- unlist(of$values)
  t(sapply(rows, function(row) values[unlist(row) + 1]))
}

icc <- function(numbers) {
  found <- suppressWarnings(suppressMessages(ICC(numbers, lme = FALSE)$results))
  names <- c("icc_1_1", "icc_2_1", "icc_3_1", "icc_1_k", "icc_2_k", "icc_3_k")
  out <- lapply(seq_along(names), function(i) list(value = found$ICC[i], low = found[["lower bound"]][i], high = found[["upper bound"]][i]))
  setNames(out, names)
}

pair <- function(numbers, values) {
  both <- table(factor(numbers[, 1], levels = values), factor(numbers[, 2], levels = values))
  kappa <- suppressWarnings(cohen.kappa(matrix(both, nrow = length(values))))
  ccc <- epi.ccc(numbers[, 1], numbers[, 2])
  list(
    cohen_kappa = list(value = kappa$kappa, se = sqrt(kappa$var.kappa)),
    cohen_kappa_quadratic = list(value = kappa$weighted.kappa, psych_se = sqrt(kappa$var.weighted)),
    lin_ccc = list(value = ccc$rho.c$est)
  )
}

one <- function(of) {
  numbers <- complete(of)
  found <- list(name = of$name, icc = icc(numbers))
  if (ncol(numbers) == 2) found$pair <- pair(numbers, unlist(of$values))
  found
}

prevalence <- lapply(list(c(60, 200, 0.9, 0.8), c(45, 300, 0.75, 0.95)), function(x) {
  found <- epi.prev(pos = x[1], tested = x[2], se = x[3], sp = x[4], method = "wilson", units = 1)
  list(positive = x[1], tested = x[2], sensitivity = x[3], specificity = x[4], value = found$tp$est)
})
cat(toJSON(list(
  made = list(by = "tests/reference/psych.R", date = format(Sys.Date()), R = as.character(getRversion()),
              psych = as.character(packageVersion("psych")), epiR = as.character(packageVersion("epiR"))),
  tables = lapply(tables, one), prevalence = prevalence
), auto_unbox = TRUE, digits = NA), "\n")
