(** * The ends of the spectrum, from approximate eigenvectors

    The matrix A is any real symmetric one in a ball around sum theta_i u_i u_i^T, where the u_i are almost orthonormal: the sums
    of squares have errors e_form and e_unit. That is enough for the existence of both eigenvectors, the enclosure of both
    eigenvalues and the gaps that separate them from the others. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Vectors Eigenvector Theorem1.
Import ListNotations.
Open Scope R_scope.

(** ** Small entries make a small form *)
Definition ones : vector := fun _ => 1.
Definition sum_abs (n : nat) (u : vector) : R := dot n (fun i => Rabs (u i)) ones.
Definition entry_sum (n : nat) (M : matrix) : R := dot n (fun i => sum_abs n (M i)) ones.

Lemma dot_sum_abs n u x N : (forall i, (i < n)%nat -> Rabs (x i) <= N) -> 0 <= N -> Rabs (dot n u x) <= sum_abs n u * N.
Proof.
  unfold sum_abs. induction n as [|n IH]; intros H HN; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. unfold ones at 2. rewrite Rmult_1_r, Rmult_plus_distr_r.
  apply Rplus_le_compat; [apply IH; auto|]. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|apply H; lia].
Qed.

Lemma dot_ones_monotone n u v : (forall i, (i < n)%nat -> u i <= v i) -> dot n u ones <= dot n v ones.
Proof.
  induction n as [|n IH]; intros H; simpl; [lra|]. unfold ones at 2 4. rewrite !Rmult_1_r.
  apply Rplus_le_compat; [apply IH; intros; apply H; lia|apply H; lia].
Qed.

Lemma form_entry_sum n M x : Rabs (form n M x) <= entry_sum n M * dot n x x.
Proof.
  assert (N := norm_nonneg n x).
  unfold form. rewrite dot_commutes.
  eapply Rle_trans; [apply dot_sum_abs with (N := norm n x); [intros; apply entry_norm; assumption|exact N]|].
  rewrite <- norm_squared, <- Rmult_assoc. apply Rmult_le_compat_r; [exact N|].
  unfold entry_sum. rewrite Rmult_comm, <- dot_scale_l.
  unfold sum_abs at 1. apply dot_ones_monotone. intros i Hi. unfold scale. rewrite Rmult_comm. unfold apply.
  apply dot_sum_abs; [intros; apply entry_norm; assumption|exact N].
Qed.

Lemma form_difference n A M x : form n A x - form n M x = form n (fun i => difference (A i) (M i)) x.
Proof.
  unfold form. rewrite <- dot_difference_r. apply dot_same; [intros i _; reflexivity|].
  intros i _. unfold difference at 1, apply. rewrite <- dot_difference_l. reflexivity.
Qed.

(** ** Sums of squares *)
Definition squares := list (R * vector).
Fixpoint weighted (n : nat) (s : squares) (x : vector) : R :=
  match s with
  | nil => 0
  | (theta, u) :: s' => theta * (dot n u x * dot n u x) + weighted n s' x
  end.
Definition unweighted (s : squares) : squares := map (fun '(_, u) => (1, u)) s.
Fixpoint squares_matrix (s : squares) : matrix :=
  match s with
  | nil => fun _ _ => 0
  | (theta, u) :: s' => fun i j => theta * (u i * u j) + squares_matrix s' i j
  end.

Lemma form_squares n s x : form n (squares_matrix s) x = weighted n s x.
Proof.
  induction s as [|[theta u] s IH]; cbn [squares_matrix weighted].
  - unfold form. rewrite dot_commutes. apply dot_zero_l. intros i _. unfold apply. apply dot_zero_l. reflexivity.
  - rewrite <- IH. unfold form.
    rewrite (dot_same n x x _ (combination (theta * dot n u x) u 1 (apply n (squares_matrix s) x)) (fun i _ => eq_refl)).
    + rewrite dot_combination_r, (dot_commutes n x u). ring.
    + intros i _. unfold combination, apply.
      rewrite (dot_same n _ (combination (theta * u i) u 1 (squares_matrix s i)) x x).
      * rewrite dot_combination_l. ring.
      * intros j _. unfold combination. ring.
      * intros j _. reflexivity.
Qed.

Lemma weighted_app n s t x : weighted n (s ++ t) x = weighted n s x + weighted n t x.
Proof. induction s as [|[theta u] s IH]; cbn [app weighted]; [ring|]. rewrite IH. ring. Qed.

Lemma weighted_at_least n s x (t : R) : (forall theta u, In (theta, u) s -> t <= theta) ->
  t * weighted n (unweighted s) x <= weighted n s x.
Proof.
  induction s as [|[theta u] s IH]; intros H; cbn [unweighted map weighted]; [lra|].
  assert (I := IH (fun a b Hab => H a b (or_intror Hab))). unfold unweighted in I.
  assert (T := H theta u (or_introl eq_refl)). assert (0 <= dot n u x * dot n u x) by apply Rle_0_sqr.
  assert (t * (dot n u x * dot n u x) <= theta * (dot n u x * dot n u x)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma weighted_at_most n s x (t : R) : (forall theta u, In (theta, u) s -> theta <= t) ->
  weighted n s x <= t * weighted n (unweighted s) x.
Proof.
  induction s as [|[theta u] s IH]; intros H; cbn [unweighted map weighted]; [lra|].
  assert (I := IH (fun a b Hab => H a b (or_intror Hab))). unfold unweighted in I.
  assert (T := H theta u (or_introl eq_refl)). assert (0 <= dot n u x * dot n u x) by apply Rle_0_sqr.
  assert (theta * (dot n u x * dot n u x) <= t * (dot n u x * dot n u x)) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Section Ends.
Variables (n : nat) (A : matrix) (theta_1 theta_n : R) (u_1 u_n : vector) (middle : squares) (e_form e_unit : R).
Variables (lo_1 hi_1 c_1 lo_n hi_n c_n : R).
Let all := (theta_1, u_1) :: middle ++ [(theta_n, u_n)].
Hypothesis A_symmetric : symmetric n A.
Hypothesis form_error : forall x, Rabs (form n A x - weighted n all x) <= e_form * dot n x x.
Hypothesis unit_error : forall x, Rabs (dot n x x - weighted n (unweighted all) x) <= e_unit * dot n x x.
Hypothesis e_unit_small : 0 <= e_unit < 1.

(** Lower and upper bounds of weights bound the form where one vector is left out. *)
Definition weights_above (s : squares) (c : R) : Prop :=
  forall theta u, In (theta, u) s -> 0 <= theta /\ c + e_form <= theta * (1 - e_unit).
Definition weights_below (s : squares) (c : R) : Prop :=
  forall theta u, In (theta, u) s -> 0 <= theta /\ theta * (1 + e_unit) + e_form <= c.

Lemma above_bounds_form s c x : weights_above s c -> 0 <= c + e_form ->
  weighted n all x = weighted n s x -> weighted n (unweighted all) x = weighted n (unweighted s) x ->
  c * dot n x x <= form n A x.
Proof.
  intros W Hc E1 E2.
  assert (F := form_error x). assert (U := unit_error x). rewrite E1 in F. rewrite E2 in U.
  apply Rabs_le_between in F. apply Rabs_le_between in U.
  set (t := (c + e_form) / (1 - e_unit)).
  assert (Ht : 0 <= t) by (apply Rdiv_le_0_compat; lra).
  assert (L := weighted_at_least n s x t).
  assert (T : t * weighted n (unweighted s) x <= weighted n s x).
  { apply L. intros theta u Hin. destruct (W theta u Hin) as [_ H]. unfold t. apply Rle_div_l; lra. }
  assert (t * ((1 - e_unit) * dot n x x) <= t * weighted n (unweighted s) x) by (apply Rmult_le_compat_l; lra).
  replace (t * ((1 - e_unit) * dot n x x)) with ((c + e_form) * dot n x x) in H by (unfold t; field; lra). lra.
Qed.

Lemma below_bounds_form s c x : weights_below s c -> 0 <= c - e_form ->
  weighted n all x = weighted n s x -> weighted n (unweighted all) x = weighted n (unweighted s) x ->
  form n A x <= c * dot n x x.
Proof.
  intros W Hc E1 E2.
  assert (F := form_error x). assert (U := unit_error x). rewrite E1 in F. rewrite E2 in U.
  apply Rabs_le_between in F. apply Rabs_le_between in U.
  set (t := (c - e_form) / (1 + e_unit)).
  assert (Ht : 0 <= t) by (apply Rdiv_le_0_compat; lra).
  assert (T : weighted n s x <= t * weighted n (unweighted s) x).
  { apply weighted_at_most. intros theta u Hin. destruct (W theta u Hin) as [_ H]. unfold t. apply Rle_div_r; lra. }
  assert (t * weighted n (unweighted s) x <= t * ((1 + e_unit) * dot n x x)) by (apply Rmult_le_compat_l; lra).
  replace (t * ((1 + e_unit) * dot n x x)) with ((c - e_form) * dot n x x) in H by (unfold t; field; lra). lra.
Qed.

Hypothesis all_above : weights_above all lo_1.
Hypothesis rest_above : weights_above (middle ++ [(theta_n, u_n)]) c_1.
Hypothesis all_below : weights_below all hi_n.
Hypothesis rest_below : weights_below ((theta_1, u_1) :: middle) c_n.
Hypothesis first_form : form n A u_1 < hi_1 * dot n u_1 u_1.
Hypothesis last_form : lo_n * dot n u_n u_n < form n A u_n.
Hypothesis order : 0 < lo_1 /\ hi_1 < c_1 /\ c_n < lo_n /\ hi_1 < lo_n.
Hypothesis e_form_nonneg : 0 <= e_form.

Lemma form_positive_vector u c : form n A u < c * dot n u u \/ c * dot n u u < form n A u -> 0 < dot n u u.
Proof.
  intros H. assert (P := dot_self_nonneg n u). destruct P as [P|P]; [exact P|exfalso].
  rewrite (form_of_zero n A u (eq_sym P)), <- P in H. lra.
Qed.

Theorem ends_exist : exists lambda_1 v_1 lambda_n v_n,
  simple_ends n A lambda_1 c_1 v_1 lambda_n c_n v_n /\ lo_1 <= lambda_1 <= hi_1 /\ lo_n <= lambda_n <= hi_n.
Proof.
  destruct order as (O1 & O2 & O3 & O4).
  assert (P1 : 0 < dot n u_1 u_1) by (apply (form_positive_vector u_1 hi_1); left; exact first_form).
  assert (Pn : 0 < dot n u_n u_n) by (apply (form_positive_vector u_n lo_n); right; exact last_form).
  assert (Lowest : forall x, lo_1 * dot n x x <= form n A x) by (intros x; apply above_bounds_form with (s := all); auto; lra).
  assert (Ordered : lo_1 < hi_1) by (assert (L := Lowest u_1); apply Rmult_lt_reg_r with (dot n u_1 u_1); lra).
  assert (Hcn : 0 <= c_n - e_form).
  { destruct (rest_below theta_1 u_1 (or_introl eq_refl)) as [T1 T2].
    assert (0 <= theta_1 * (1 + e_unit)) by (apply Rmult_le_pos; lra). lra. }
  assert (Hhn : 0 <= hi_n - e_form).
  { destruct (all_below theta_1 u_1 (or_introl eq_refl)) as [T1 T2].
    assert (0 <= theta_1 * (1 + e_unit)) by (apply Rmult_le_pos; lra). lra. }
  destruct (lowest_eigenvalue n A u_1 u_1 c_1 lo_1) as (v_1 & lambda_1 & Unit1 & Eigen1 & M1 & W1 & C1 & Gap1); auto.
  { intros x Hx. apply above_bounds_form with (s := middle ++ [(theta_n, u_n)]); auto; try lra;
      unfold all, unweighted; cbn [map weighted]; rewrite Hx; ring. }
  { assert (hi_1 * dot n u_1 u_1 < c_1 * dot n u_1 u_1) by (apply Rmult_lt_compat_r; lra). lra. }
  destruct (highest_eigenvalue n A u_n u_n c_n hi_n) as (v_n & lambda_n & Unitn & Eigenn & Mn & Wn & Cn & Gapn); auto.
  { intros x Hx. apply below_bounds_form with (s := (theta_1, u_1) :: middle); auto; unfold all, unweighted; cbn [map weighted];
      rewrite ?map_app, weighted_app; cbn [map weighted]; rewrite Hx; ring. }
  { assert (c_n * dot n u_n u_n < lo_n * dot n u_n u_n) by (apply Rmult_lt_compat_r; lra). lra. }
  { intros x. apply below_bounds_form with (s := all); auto. }
  assert (lambda_1 <= hi_1) by (apply Rmult_le_reg_r with (dot n u_1 u_1); lra).
  assert (lo_n <= lambda_n) by (apply Rmult_le_reg_r with (dot n u_n u_n); lra).
  exists lambda_1, v_1, lambda_n, v_n. split; [|lra].
  split; auto; lra.
Qed.
End Ends.

(** ** How far an approximate eigenvector is from the eigenvector *)
Section NearEigenvector.
Variables (n : nat) (A : matrix) (v w : vector) (lambda c theta : R).
Hypothesis A_symmetric : symmetric n A.
Hypothesis unit_vector : dot n v v = 1.
Hypothesis eigenvector : same n (apply n A v) (scale lambda v).
(** +1: everything orthogonal to v lies above c > theta; -1: below c < theta. *)
Variable side : R.
Hypothesis side_is_sign : side = 1 \/ side = -1.
Hypothesis gap : forall x, dot n v x = 0 -> side * c * dot n x x <= side * form n A x.
Hypothesis separated : 0 < side * (c - theta).

Let residual := combination 1 (apply n A w) (- theta) w.
Let delta := norm n residual / (side * (c - theta)).

Theorem eigenvector_error : norm n (combination 1 w (- dot n v w) v) <= delta.
Proof.
  set (a := dot n v w). set (u := combination 1 w (- a) v).
  assert (Orthogonal : dot n v u = 0) by (unfold u; rewrite dot_combination_r, unit_vector; unfold a; ring).
  assert (AcrossA : dot n v (apply n A u) = 0).
  { rewrite <- (symmetric_form n A A_symmetric), (dot_same n _ _ u u eigenvector (fun i _ => eq_refl)).
    rewrite dot_scale_l, Orthogonal. ring. }
  (* <u, A w - theta w> = <u, A u> - theta |u|^2 *)
  assert (E : dot n u residual = form n A u - theta * dot n u u).
  { assert (W : same n w (combination a v 1 u)) by (intros i _; unfold u, combination; ring).
    unfold residual. rewrite dot_combination_r.
    rewrite (dot_same n u u w _ (fun i _ => eq_refl) W).
    rewrite <- (symmetric_form n A A_symmetric), (dot_commutes n (apply n A u) w).
    rewrite (dot_same n w _ (apply n A u) _ W (fun i _ => eq_refl)).
    rewrite dot_combination_l, dot_combination_r, AcrossA, (dot_commutes n u v), Orthogonal. unfold form. ring. }
  assert (G := gap u Orthogonal). assert (CS := cauchy_schwarz n u residual). apply Rabs_le_between in CS.
  assert (Nu := norm_nonneg n u). assert (Nr := norm_nonneg n residual).
  assert (S : side * dot n u residual <= norm n u * norm n residual) by (destruct side_is_sign as [-> | ->]; lra).
  rewrite E in S.
  assert (D : side * (c - theta) * (norm n u * norm n u) <= norm n u * norm n residual) by (rewrite norm_squared; lra).
  unfold delta. destruct (Req_dec (norm n u) 0) as [Z|NZ].
  - rewrite Z. apply Rdiv_le_0_compat; lra.
  - apply Rle_div_r; [exact separated|]. apply Rmult_le_reg_l with (norm n u); lra.
Qed.

Lemma projection_close x : Rabs (dot n w x - dot n v w * dot n v x) <= delta * norm n x.
Proof.
  replace (dot n w x - dot n v w * dot n v x) with (dot n (combination 1 w (- dot n v w) v) x)
    by (rewrite dot_combination_l; ring).
  eapply Rle_trans; [apply cauchy_schwarz|]. apply Rmult_le_compat_r; [apply norm_nonneg|apply eigenvector_error].
Qed.

Lemma projection_at_most : Rabs (dot n v w) <= norm n w.
Proof.
  eapply Rle_trans; [apply cauchy_schwarz|]. unfold norm at 1. rewrite unit_vector, sqrt_1. lra.
Qed.

(** Entry by entry, with the sign in which w was given. *)
Lemma entry_close i : (i < n)%nat -> 0 <= dot n v w -> 0 < norm n w ->
  Rabs (w i - norm n w * v i) <= delta + delta * delta / norm n w.
Proof.
  intros Hi Ha Hw. set (a := dot n v w) in *. set (u := combination 1 w (- a) v).
  assert (U := eigenvector_error). fold a in U. fold u in U. assert (U0 := norm_nonneg n u).
  assert (Pythagoras : norm n w * norm n w = a * a + norm n u * norm n u).
  { rewrite !norm_squared. unfold u. expand_dots. rewrite unit_vector, (dot_commutes n w v). fold a. ring. }
  assert (Size : 0 <= norm n w - a <= delta * delta / norm n w).
  { assert (A1 := projection_at_most). fold a in A1. rewrite Rabs_pos_eq in A1 by exact Ha. split; [lra|].
    apply Rle_div_r; [exact Hw|].
    assert (norm n u * norm n u <= delta * delta) by (apply Rmult_le_compat; lra). 
    assert (0 <= (norm n w - a) * a) by (apply Rmult_le_pos; lra). nra. }
  replace (w i - norm n w * v i) with (u i + - ((norm n w - a) * v i)) by (unfold u, combination; ring).
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat.
  - eapply Rle_trans; [apply entry_norm, Hi|exact U].
  - rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq (norm n w - a)) by lra.
    assert (Rabs (v i) <= 1).
    { eapply Rle_trans; [apply entry_norm, Hi|]. unfold norm. rewrite unit_vector, sqrt_1. lra. }
    assert (0 <= Rabs (v i)) by apply Rabs_pos.
    apply Rle_trans with ((norm n w - a) * 1); [apply Rmult_le_compat_l; lra|lra].
Qed.
End NearEigenvector.
